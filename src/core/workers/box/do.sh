# One command of a run: its environment, its log with a cap, its clock, its caps, and the end of all its processes.
# Working folder: the run's. Wants rc_dir, rc_run, rc_env_dir, rc_login_path, rc_gpu_indices, rc_grace, rc_linger.
# shellcheck shell=sh disable=SC2154

# What the command prints goes through a pipe, kept open by the command itself for reading, too: so nothing that
# happens to the keeper of the log can end or stall the command. The keeper copies at once, until the file has $2 bytes.
# Bytes that are there stay as they are, because readers follow by offset: at the cap one line is added, and the rest is
# read and dropped. The cap is the file size limit of the copying process, so it holds to the block of 512 bytes.
rc_keep_log() {
  while :; do
    (
      ulimit -f $((($2 + 511) / 512))
      exec cat
    ) >>"$1" 2>/dev/null
    rc_status=$?
    [ "$rc_status" -ne 0 ] || return 0
    if [ "$(stat -c %s -- "$1")" -ge "$2" ]; then
      printf '\n[research-copilot: the log reached max_log of this box and ends here; the run goes on]\n' >>"$1"
      exec cat >/dev/null
    fi
    # A full disk, or somebody ended cat. A second is dropped and said, so that the command never waits.
    timeout 1 cat >/dev/null
    [ "$?" -ne 0 ] || return 0
    printf '\n[research-copilot: the disk was full; some of the log is missing here]\n' >>"$1" 2>/dev/null
  done
}

# Opens log $1 on descriptor 5 for as much as max_log more.
rc_open_log() {
  rc_writer='' rc_pipe='' rc_log=$1
  rc_read spec/max_log
  rc_cap=${rc_got:-1000000000}
  rc_cap=$((rc_cap + $(stat -c %s -- "$1" 2>/dev/null || echo 0)))
  rm -f pipe
  if ! mkfifo -m 600 pipe 2>/dev/null; then
    exec 5>>"$1"
    return
  fi
  rc_pipe=$rc_dir/pipe
  rc_start_keeper
}

# The keeper ends when the last process that prints has ended. In parentheses, as all that is given fewer descriptors:
# dash keeps a hidden copy of what it closes for a function. Its end of the pipe is open before anybody can write: what
# is in a pipe that nobody has open is gone. Leaves the other end on 5.
rc_start_keeper() {
  exec 5<>pipe 4<pipe
  (rc_keep_log "$rc_log" "$rc_cap") <&4 4<&- 5<&- 9>&- &
  rc_writer=$!
  exec 4<&-
}

# Waits until the log has its last byte. All writers are gone by now; one that hangs in the kernel is not waited for.
rc_close_log() {
  [ -n "$rc_writer" ] || return 0
  rc_tries=0
  while rc_start_of "$rc_writer" && [ "$rc_tries" -lt 500 ]; do
    rc_tries=$((rc_tries + 1))
    sleep 0.02
  done
  [ "$rc_tries" -lt 500 ] || kill "$rc_writer" 2>/dev/null || :
  rc_writer='' rc_pipe=
  rm -f pipe
}

# How many threads one run's libraries should start: half of its share of the processors, at most 8. Two runs that take
# all of them each are many times slower than with one thread; hyperthreads do nothing for matrix products; and loaders
# need some, too. The share is that of one slot, because launchers start a process per GPU.
rc_count_threads() {
  rc_slots=0
  if [ -s slots ]; then while read -r _; do rc_slots=$((rc_slots + 1)); done <slots; fi
  [ "$rc_slots" -gt 0 ] || rc_slots=1
  rc_threads=$(($(nproc 2>/dev/null || echo 1) / rc_slots / 2))
  [ "$rc_threads" -ge 1 ] || rc_threads=1
  [ "$rc_threads" -le 8 ] || rc_threads=8
}

# The environment and the limits of the command. Runs in the command's own shell.
rc_surround() {
  export PYTHONUNBUFFERED=1 OMP_NUM_THREADS="${OMP_NUM_THREADS:-$rc_threads}"
  export MKL_NUM_THREADS="${MKL_NUM_THREADS:-$OMP_NUM_THREADS}" OPENBLAS_NUM_THREADS="${OPENBLAS_NUM_THREADS:-$OMP_NUM_THREADS}"
  PATH=$rc_plain_path:$rc_login_path
  if [ -n "$rc_env_dir" ]; then
    export RESEARCH_ENV="$rc_env_dir" UV_PROJECT_ENVIRONMENT="$rc_env_dir" VIRTUAL_ENV="$rc_env_dir"
    PATH=$rc_env_dir/bin:$PATH
  fi
  export PATH
  for rc_file in "$rc_dir"/spec/env/*; do
    [ -f "$rc_file" ] || continue
    rc_slurp "$rc_file"
    # shellcheck disable=SC2163
    export "${rc_file##*/}=$rc_got"
  done
  # By index: device names in this variable break some trainers. A run that asked for no GPU sees none.
  export RUN_ID="$rc_run" CUDA_DEVICE_ORDER=PCI_BUS_ID CUDA_VISIBLE_DEVICES="$rc_gpu_indices"
  # No core files of many GB; as many open files as the box allows, within reason, because loaders need them; and an end
  # to a fork bomb (that limit counts all processes and threads of the account; dash calls it -p). No limit of address
  # space: CUDA reserves far more than it uses.
  ulimit -c 0
  rc_got=$(ulimit -H -n)
  if ! rc_is_number "$rc_got" || [ "$rc_got" -gt 65536 ]; then rc_got=65536; fi
  ulimit -S -n "$rc_got" 2>/dev/null || :
  ulimit -S -u 32768 2>/dev/null || ulimit -S -p 32768 2>/dev/null || :
}

# Runs command file $2 in folder $3 as what $1 says (setup, run, evaluate), with its output in log $4, and once it has
# ended says state $5; at most $6 seconds, else the timeout of the run. Sets rc_status and rc_why (cancelled, timeout,
# killed, disk-cap).
rc_do() {
  rc_read spec/timeout
  rc_why='' rc_until='' rc_limit=${6:-$rc_got}
  rc_uptime
  rc_begin=$rc_up
  rc_open_log "$4"
  (
    cd -- "$3" || exit 126
    rc_surround
    rc_slurp "$rc_dir/$2"
    rc_enter "$1" "$3" "$rc_got"
  ) </dev/null >&5 2>&1 5<&- 9>&- &
  rc_child=$!
  exec 5>&-
  [ "$1" = evaluate ] || rc_put started "$(rc_now)"
  rc_main=$$
  (rc_ticker) 9>&- &
  rc_tick=$!
  while :; do
    rc_obey
    wait "$rc_child"
    rc_status=$?
    [ "$rc_status" -gt 128 ] && kill -0 "$rc_child" 2>/dev/null || break
  done
  rc_stop_ticker
  rc_obey
  rc_clean=1
  if [ -n "$rc_why" ]; then
    rc_sweep "$rc_run" "$rc_child" 0 "$rc_grace" || rc_clean=
  else
    rc_put state "$5"
    rc_sweep "$rc_run" "$rc_child" "$rc_linger" "$rc_grace" || rc_clean=
  fi
  rc_leave_sandbox
  rc_close_log
  [ -n "$rc_clean" ] ||
    rc_end 74 stuck "A process of the run cannot be ended: it hangs in the kernel of the box. A restart of the box helps as a rule."
}

# Looks after a command while it runs: a tick a second, a sample of the GPUs every RC_SAMPLE (10) seconds, the size of
# the run's folder every RC_DISK_EVERY (30). The looks run by themselves, so a slow one delays nothing.
rc_ticker() {
  trap 'kill "$rc_nap" 2>/dev/null; rc_end_look "$rc_sampler"; rc_end_look "$rc_measurer"; exit 0' TERM
  rc_nap='' rc_sampler='' rc_measurer='' rc_ticks=0
  while :; do
    sleep 1 &
    rc_nap=$!
    wait "$rc_nap"
    kill -s USR1 "$rc_main" 2>/dev/null || exit 0
    rc_ticks=$((rc_ticks + 1))
    if [ -n "$rc_gpu_indices" ] && [ $((rc_ticks % ${RC_SAMPLE:-10})) -eq 0 ] && ! rc_still "$rc_sampler"; then
      (rc_sample) &
      rc_sampler=$!
    fi
    if [ $((rc_ticks % ${RC_DISK_EVERY:-30})) -eq 0 ] && ! rc_still "$rc_measurer"; then
      (rc_measure) &
      rc_measurer=$!
    fi
  done
}

rc_still() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }

# Ends a look and what it started.
rc_end_look() {
  rc_still "$1" || return 0
  for rc_p in $(cat /proc/[0-9]*/stat 2>/dev/null | awk -v top="$1" '
    { pid = $1; sub(/^.*\) /, ""); parent[pid] = $2 }
    END { for (pid in parent) for (up = pid; up in parent && up > 1; up = parent[up]) if (up == top) { print pid; break } }'); do
    kill -s KILL "$rc_p" 2>/dev/null || :
  done
}

# One sample of the run's GPUs: `use` has the last (epoch, mean utilisation, memory in MiB together), `gpu-use` all of
# them (epoch, then index:utilisation:memory for each), thinned to half where it grows beyond 4,000 lines.
rc_sample() {
  rc_smi sample.tmp --id="$rc_gpu_indices" --query-gpu=index,utilization.gpu,memory.used --format=csv,noheader,nounits || {
    rm -f sample.tmp
    return 0
  }
  rc_line=$(awk -F ' *, *' -v now="$(rc_now)" '
    { sub(/\r$/, "") }
    $1 ~ /^[0-9]+$/ {
      use = $2 ~ /^[0-9.]+$/ ? $2 : "-"; memory = $3 ~ /^[0-9.]+$/ ? $3 : "-"
      each = each " " $1 ":" use ":" memory
      if (use != "-") { sum += use; n++ }
      if (memory != "-") total += memory
    }
    END { if (each != "") printf "%s %d %d\n%s%s\n", now, n ? sum / n : 0, total, now, each }' sample.tmp)
  rm -f sample.tmp
  [ -n "$rc_line" ] || return 0
  rc_put use "${rc_line%%
*}" 2>/dev/null
  printf '%s\n' "${rc_line#*
}" 2>/dev/null >>gpu-use
  if [ "$(wc -l <gpu-use)" -gt 4000 ]; then
    awk 'NR % 2 == 0' gpu-use >gpu-use.tmp && mv -f gpu-use.tmp gpu-use
  fi
}

# Whether the run's folder is larger than max_disk, inputs aside: they are not the run's. Takes at most a twentieth of
# the time.
rc_measure() {
  rc_read spec/max_disk
  rc_is_number "$rc_got" && [ "$rc_got" -gt 0 ] || return 0
  rc_most=$rc_got
  rc_uptime
  rc_begin=$rc_up
  rc_size=$(($(nice du -sk . 2>/dev/null | cut -f1) * 1024 - rc_input_bytes))
  [ "$rc_size" -le "$rc_most" ] || rc_put over "$rc_size $rc_most" 2>/dev/null || true >over
  rc_uptime
  [ "$rc_up" -eq "$rc_begin" ] || sleep $(((rc_up - rc_begin) * 20))
}

# What ends a command. Time is the box's uptime, suspend included: setting the clock neither ends a run nor keeps it.
rc_obey() {
  rc_uptime
  if [ -z "$rc_why" ]; then
    if [ -e cancel ]; then rc_why=cancelled
    elif [ -n "$rc_told" ] || ! rc_has_folder; then rc_why=killed
    elif [ "$rc_limit" -gt 0 ] && [ $((rc_up - rc_begin)) -gt "$rc_limit" ]; then rc_why=timeout
    elif [ -e over ]; then rc_why=disk-cap
    elif [ -n "$rc_writer" ] && ! kill -0 "$rc_writer" 2>/dev/null && kill -0 "$rc_child" 2>/dev/null; then
      # Somebody ended the keeper of the log.
      rc_start_keeper
      exec 5>&-
    fi
    [ -n "$rc_why" ] || return 0
    rc_until=$((rc_up + rc_grace))
    rc_signal TERM "$(rc_members "$rc_run" "$rc_child")"
  elif [ "$rc_up" -gt "$rc_until" ]; then
    rc_signal KILL "$(rc_members "$rc_run" "$rc_child")"
  fi
}

# Ends the run where its last command was stopped; $1 names the command.
rc_stopped() {
  case $rc_why in
    cancelled) rc_end 130 cancelled "Cancelled during $1." ;;
    killed) rc_end 143 killed "The supervisor was told to stop during $1." ;;
    timeout) rc_end 124 timeout "Stopped after $rc_limit s, the timeout of resources, during $1." ;;
    disk-cap)
      rc_read over
      rc_got=${rc_got:-0 0}
      rm -f over
      rc_end 74 disk-cap "Stopped during $1: its folder grew to $((${rc_got%% *} / 1000000)) MB, more than max_disk of this box allows ($((${rc_got##* } / 1000000)) MB). Have the run keep less, or raise max_disk in boxes.yaml."
      ;;
  esac
}
