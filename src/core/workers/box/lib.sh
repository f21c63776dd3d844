# Shared by the scripts of a box. POSIX sh: dash and bash. Wants rc_root. Every variable starts with rc_ (RC_ where a
# person may set it in box.env), because the run inherits this environment and its own names must stay untouched.
# shellcheck shell=sh
umask 077
[ ! -f "$rc_root/box.env" ] || . "$rc_root/box.env"
rc_locks=${RC_LOCKS:-/var/tmp/research-copilot-locks}
rc_bin=${0%/*}

rc_now() { "${RC_CLOCK:-date}" +%s; }

rc_boot() {
  rc_boot_id=
  read -r rc_boot_id <"${RC_BOOT_ID_FILE:-/proc/sys/kernel/random/boot_id}" || :
}

# Start time of a process in clock ticks; empty where it is gone or a zombie. Our own processes have no blank in
# their name, so the fields can be counted.
rc_start_of() {
  rc_start=
  { read -r _ _ rc_s _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ rc_start _ <"/proc/$1/stat"; } 2>/dev/null || return 1
  [ "$rc_s" != Z ] && [ "$rc_s" != X ] || rc_start=
  [ -n "$rc_start" ]
}

# Whether the process of a pid file (folder $1) is still the one that wrote it. Sets rc_pid and rc_lost (why not).
rc_alive() {
  rc_pid='' rc_pid_start='' rc_pid_boot='' rc_lost=supervisor-killed
  # A cluster's run lives on another machine: only the cluster, asked by poll.sh, can say that it is gone.
  [ ! -e "$1/job" ] || { [ ! -e "$1/lost" ]; return; }
  { read -r rc_pid rc_pid_start rc_pid_boot <"$1/pid"; } 2>/dev/null || return 1
  rc_boot
  if [ "$rc_pid_boot" != "$rc_boot_id" ]; then
    rc_lost=rebooted
    return 1
  fi
  rc_start_of "$rc_pid" && [ "$rc_start" = "$rc_pid_start" ]
}

# The first line of file $1 in rc_got, without a process; empty where there is none.
rc_read() {
  rc_got=
  { IFS= read -r rc_got <"$1"; } 2>/dev/null || :
}

# The whole of text file $1 in rc_got, without a process and byte for byte.
rc_slurp() {
  rc_got='' rc_text=''
  while IFS= read -r rc_text; do
    rc_got="$rc_got$rc_text
"
  done <"$1"
  rc_got=$rc_got$rc_text
}

# Whether the folder that an owner works in is still there: somebody may remove it, and a new one of its name is another.
rc_has_folder() { [ -e ./lock ]; }

rc_put() { printf '%s\n' "$2" >"$1.tmp" && mv -f -- "$1.tmp" "$1"; }

# Free bytes on the disk of the root.
rc_free() {
  rc_free=$(df -Pk -- "$rc_root" 2>/dev/null | awk 'NR == 2 { printf "%.0f", $4 * 1024 }')
  [ -n "$rc_free" ] || rc_free=0
}

rc_git() {
  GIT_DIR=$rc_repo_dir GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_TERMINAL_PROMPT=0 \
    git -c core.fsmonitor=false -c core.hooksPath=/dev/null -c gc.auto=0 -c core.quotePath=false "$@"
}

# Takes run $1 out of the queue's tickets.
rc_unqueue() {
  for rc_file in "$rc_root"/queue/*; do
    rc_got=${rc_file##*/}
    [ "${rc_got#*-}" != "$1" ] || rm -f -- "$rc_file"
  done
}

# Exactly $1 bytes of stdin. dd and not head, because head may read ahead of what it prints.
rc_take() {
  [ "$1" -eq 0 ] && return 0
  rc_blocks=$(($1 / 65536)) rc_rest=$(($1 % 65536))
  if [ "$rc_blocks" -gt 0 ]; then
    dd bs=65536 count="$rc_blocks" iflag=fullblock 2>/dev/null || return 1
  fi
  if [ "$rc_rest" -gt 0 ]; then
    dd bs="$rc_rest" count=1 iflag=fullblock 2>/dev/null || return 1
  fi
}

rc_is_run() {
  case $1 in '' | -* | *[!a-z0-9-]*) return 1 ;; esac
}

# Seconds since the box started, time in suspend included, in rc_up. A clock that somebody sets does not move it.
rc_uptime() {
  rc_up=0
  { read -r rc_up _ <"${RC_UPTIME_FILE:-/proc/uptime}"; } 2>/dev/null || :
  rc_up=${rc_up%%.*}
}

# The processes of run $1: those that carry its mark, and those in the session or group of $2. No zombies.
rc_members() {
  {
    grep -lszx -- "RUN_ID=$1" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v c="${2:-none}" -v self="$$" '
      { pid = $1; sub(/^.*\) /, "") }
      pid == self { next }
      $1 != "Z" && $1 != "X" && ($3 == c || $4 == c) { print pid }'
  } | sort -u
}

# Processes that left all of that behind and still have something only a process of the run can have: the lock of one of
# its slots in their hands (rc_slot_nodes, inode numbers), or the pipe to its log (rc_pipe). Below this shell there are
# only its own helpers by then: who loses its parent goes to another.
rc_strays() {
  {
    for rc_node in ${rc_slot_nodes:-}; do
      grep -ls "FLOCK .*:$rc_node 0 EOF" /proc/[0-9]*/fdinfo/* 2>/dev/null
    done
    [ -z "${rc_pipe:-}" ] || find /proc/[0-9]*/fd -maxdepth 1 -lname "$rc_pipe" 2>/dev/null
  } | cut -d/ -f3 | sort -u | while read -r rc_p; do
    rc_above=$rc_p
    while [ "$rc_above" -gt 1 ] && [ "$rc_above" != "$$" ]; do
      rc_read "/proc/$rc_above/stat"
      rc_got=${rc_got##*) }
      case $rc_got in '' | Z* | X*) rc_above=$$ ;; *) rc_got=${rc_got#* } rc_above=${rc_got%% *} ;; esac
    done
    [ "$rc_above" = "$$" ] || echo "$rc_p"
  done
}

# Signal $1 to the processes $2. A sandbox's own processes are left out where they are asked to end: it would take the
# run down with it before the run could save anything.
rc_signal() {
  for rc_p in $2; do
    if [ "$1" = TERM ] && rc_read "/proc/$rc_p/comm" && [ "$rc_got" = bwrap ]; then continue; fi
    kill -s "$1" "$rc_p" 2>/dev/null || :
  done
}

# Ends what is left of run $1 (session $2): $3 seconds to end by itself, then TERM, $4 seconds, then KILL until none is
# left. Fails where something outlives that by a minute: it hangs in the kernel.
rc_sweep() {
  rc_tries=0 rc_soft=$(($3 * 10)) rc_hard=$((($3 + $4) * 10))
  while :; do
    rc_left=$(rc_members "$1" "$2")
    [ -n "$rc_left" ] || rc_left=$(rc_strays)
    [ -n "$rc_left" ] || return 0
    [ "$rc_tries" -ne "$rc_soft" ] || rc_signal TERM "$rc_left"
    [ "$rc_tries" -lt "$rc_hard" ] || rc_signal KILL "$rc_left"
    rc_tries=$((rc_tries + 1))
    [ "$rc_tries" -lt $((rc_hard + 600)) ] || return 1
    sleep 0.1
  done
}

# nvidia-smi with its answer in file $1, at most RC_SMI_LIMIT seconds (10). Twice `timeout`, because one waits for ever
# for a process that hangs in the driver.
rc_smi() {
  rc_smi_to=$1 rc_smi_limit=${RC_SMI_LIMIT:-10}
  shift
  timeout -k 1 "$((rc_smi_limit + 2))" timeout -k 1 "$rc_smi_limit" "$rc_nvidia_smi" "$@" \
    >"$rc_smi_to" 2>&1 6<&- 8<&- 9>&-
}

# Whether $1 is a whole number.
rc_is_number() {
  case $1 in '' | *[!0-9]*) return 1 ;; esac
}

# Whether no name of path $2 in folder $1 is a link: only then does a write stay in the folder.
rc_plain() {
  rc_part=$1 rc_rest=$2
  while [ -n "$rc_rest" ]; do
    rc_part=$rc_part/${rc_rest%%/*}
    [ ! -L "$rc_part" ] || return 1
    case $rc_rest in */*) rc_rest=${rc_rest#*/} ;; *) rc_rest= ;; esac
  done
}

# Regular files of folder $1 (no links) whose path matches an extended expression of file $2, one a line.
rc_matching() {
  [ -s "$2" ] || return 0
  (cd -- "$1" && find . -name '*
*' -prune -o -type f -print) | cut -c3- | LC_ALL=C grep -E -x -f "$2" || :
}

# What only a login shell has on its PATH is found too, after the rest; probe.sh and run.sh write it down.
rc_plain_path=$PATH
rc_read "$rc_root/login-path"
[ -z "$rc_got" ] || PATH=$PATH:$rc_got
# WSL keeps it where a plain exec does not look.
rc_nvidia_smi=${RC_NVIDIA_SMI:-nvidia-smi}
command -v "$rc_nvidia_smi" >/dev/null 2>&1 || [ ! -x /usr/lib/wsl/lib/nvidia-smi ] || rc_nvidia_smi=/usr/lib/wsl/lib/nvidia-smi
