# How runs stand: $1 root; run ids on stdin, one a line. A line each, tab between:
# id, state, exit code, reason, epoch of the end, epoch of the start, place in the queue, GPUs, size of the log, why.
# Lines `+KEY VALUE` behind it belong to it: +use, +evaluated, +sandbox, +hardware (files of the run's folder), +file SIZE PATH
# (a metric file). `END` closes it: an answer without it was cut.
# Only the runs asked for are looked at, without a process for each: their sizes, their files and the queue are taken
# in one go behind the loop, and awk puts the lines together.
rc_root=$1
. "${0%/*}/lib.sh"
rc_tab='	' rc_line='
'
cd -- "$rc_root/runs" 2>/dev/null || cd /

rc_exit() {
  { read -r rc_code rc_reason rc_end <"$1/exit"; } 2>/dev/null || return 1
  rc_state="done"
}

# Only a cluster has groups.
[ ! -d "$rc_root/groups" ] || . "$rc_bin/slurm-poll.sh"

# Adds to rc_found where the metric files of run $1 may be: nothing that a link leads to.
rc_roots() {
  while IFS= read -r rc_path || [ -n "$rc_path" ]; do
    [ "$rc_path" != . ] || rc_path=
    rc_part="$1/code" rc_rest=$rc_path
    while [ -n "$rc_rest" ]; do
      rc_part=$rc_part/${rc_rest%%/*}
      case $rc_rest in */*) rc_rest=${rc_rest#*/} ;; *) rc_rest= ;; esac
      [ ! -L "$rc_part" ] || continue 2
    done
    [ ! -e "$rc_part" ] || rc_found="$rc_found$rc_part$rc_line"
  done <"$1/spec/metric_roots"
}

rc_look() {
  rc_logs='' rc_found='' rc_queued=''
  while read -r rc_id; do
    rc_is_run "$rc_id" || continue
    rc_state=absent rc_code='' rc_reason='' rc_end='' rc_place='' rc_gpus='' rc_why=''
    if rc_exit "$rc_id"; then
      [ ! -e "$rc_id/job" ] || rc_whole "$rc_id"
    elif [ -e "$rc_id/job" ] || [ -e "$rc_id/group" ]; then
      rc_cluster "$rc_id"
    elif [ -e "$rc_id/pid" ]; then
      # Asked only once there is a pid, so that this never meets a start; the exit file is read again to close the race.
      if rc_alive "$rc_id"; then
        rc_read "$rc_id/state"
        rc_state=${rc_got:-waiting}
        [ "$rc_state" != "done" ] || rc_state=finishing
      elif ! rc_exit "$rc_id"; then
        rc_state=lost rc_reason=$rc_lost
        rc_unqueue "$rc_id"
      fi
    elif [ -e "$rc_id/lock" ] && ! flock -n -E 75 "$rc_id/lock" true; then
      rc_state=waiting
    fi
    case $rc_state in
      waiting) rc_queued=1 ;;
      "done")
        rc_read "$rc_id/why"
        rc_why=$rc_got
        ;;
    esac
    rc_read "$rc_id/started"
    rc_started=$rc_got
    if [ -s "$rc_id/gpus" ]; then
      while read -r _ _ rc_got; do [ "$rc_got" = - ] || rc_gpus="$rc_gpus $rc_got"; done <"$rc_id/gpus"
    fi
    printf '%s\n' "R$rc_tab$rc_id$rc_tab$rc_state$rc_tab$rc_code$rc_tab$rc_reason$rc_tab$rc_end$rc_tab$rc_started$rc_tab${rc_gpus# }$rc_tab$rc_why"
    [ -z "$rc_place" ] || printf '%s\n' "P$rc_tab$rc_id$rc_tab$rc_place"
    for rc_key in use evaluated sandbox hardware; do
      rc_read "$rc_id/$rc_key"
      [ -z "$rc_got" ] || printf '%s\n' "K$rc_tab$rc_id$rc_tab+$rc_key $rc_got"
    done
    [ ! -s "$rc_id/log" ] || [ -L "$rc_id/log" ] || rc_logs="$rc_logs $rc_id/log"
    case $rc_state in
      running | finishing | "done" | lost)
        if [ -s "$rc_id/spec/metric_files" ] && [ -s "$rc_id/spec/metric_roots" ]; then
          while IFS= read -r rc_got || [ -n "$rc_got" ]; do
            printf '%s\n' "M$rc_tab$rc_id$rc_tab$rc_got"
          done <"$rc_id/spec/metric_files"
          rc_roots "$rc_id"
        fi
        ;;
    esac
  done
  # After every exit was seen, so that the sizes that come with an end are the whole files.
  # shellcheck disable=SC2086
  [ -z "$rc_logs" ] || stat -c "S$rc_tab%s$rc_tab%n" -- $rc_logs 2>/dev/null
  if [ -n "$rc_found" ]; then
    set -f
    IFS=$rc_line
    # shellcheck disable=SC2086
    timeout 20 find $rc_found -maxdepth 12 \( -name .git -o -name node_modules -o -name site-packages -o -name "*$rc_line*" -o -name "*$rc_tab*" \) -prune -o \
      -type f -exec stat -c "F$rc_tab%s$rc_tab%n" -- {} + 2>/dev/null
    unset IFS
    set +f
  fi
  if [ -n "$rc_queued" ]; then
    for rc_got in "$rc_root"/queue/*; do
      rc_got=${rc_got##*/}
      printf '%s\n' "Q$rc_tab${rc_got#*-}"
    done
  fi
}

rc_look | LC_ALL=C awk -F "$rc_tab" '
  $1 == "R" { id[++count] = $2; head[$2] = $2 "\t" $3 "\t" $4 "\t" $5 "\t" $6 "\t" $7; state[$2] = $3; gpus[$2] = $8; why[$2] = $9 }
  $1 == "K" { more[$2] = more[$2] $3 "\n" }
  $1 == "M" {
    # Braces in brackets: not every awk takes them behind a backslash.
    gsub(/\\[{]/, "[{]", $3)
    gsub(/\\[}]/, "[}]", $3)
    pattern[$2] = pattern[$2] (pattern[$2] == "" ? "" : "|") $3
  }
  $1 == "S" { sub(/\/log$/, "", $3); size[$3] = $2 }
  $1 == "F" {
    run = $3
    sub(/\/.*/, "", run)
    path = substr($3, length(run) + 7)
    if (path ~ ("^(" pattern[run] ")$") && ++files[run] <= 64) more[run] = more[run] "+file " $2 " " path "\n"
  }
  $1 == "Q" { place[$2] = ++places }
  $1 == "P" { place[$2] = $3 }
  END {
    for (at = 1; at <= count; at++) {
      run = id[at]
      print head[run] "\t" (state[run] == "waiting" ? place[run] : "") "\t" gpus[run] "\t" (run in size ? size[run] : 0) "\t" why[run]
      printf "%s", more[run]
    }
    print "END"
  }'
