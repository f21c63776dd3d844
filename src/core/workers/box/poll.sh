# How runs stand: $1 root; run ids on stdin, one a line. A line each, tab between:
# id, state, exit code, reason, epoch of the end, epoch of the start, place in the queue, GPUs, size of the log, why.
# `END` closes it: an answer without it was cut.
rc_root=$1
. "${0%/*}/lib.sh"
rc_tab='	'
cd -- "$rc_root/runs" 2>/dev/null || cd /

rc_exit() {
  { read -r rc_code rc_reason rc_end <"$1/exit"; } 2>/dev/null || return 1
  rc_state="done"
}

# The state a cluster's run wrote down, or $2. It may have ended since its exit file was looked for, and the two files may
# reach this machine in another order: only with its exit file it is an end.
rc_stage() {
  rc_read "$1/state"
  rc_state=${rc_got:-$2}
  [ "$rc_state" != "done" ] || rc_exit "$1" || rc_state=finishing
}

# squeue's answer for a cluster's runs; empty where there are none.
rc_jobs=
rc_cluster() {
  [ -n "$rc_jobs" ] || {
    rc_jobs=$(timeout 20 squeue --me -h -t all -o '%i %T %r' 2>&1) || rc_jobs="DOWN $rc_jobs"
    rc_jobs="|$rc_jobs"
  }
  rc_read "$1/job"
  case $rc_jobs in '|DOWN'*) rc_state=unknown; return ;; esac
  rc_job=$(printf '%s\n' "${rc_jobs#|}" | awk -v id="$rc_got" '$1 == id { print $2; exit }')
  case $rc_job in
    PENDING | CONFIGURING | REQUEUED | REQUEUE_HOLD | REQUEUE_FED | SUSPENDED | PREEMPTED | SPECIAL_EXIT) rc_state=waiting ;;
    RUNNING | COMPLETING | STAGE_OUT | STOPPED | SIGNALING | RESIZING) rc_stage "$1" preparing ;;
    *)
      # Gone from the queue or ended there: only our own exit file tells how. It may reach this machine a little
      # later than the queue's answer.
      rc_read "$1/gone"
      rc_gone=$rc_got
      [ -n "$rc_gone" ] || { rc_gone=$(rc_now); rc_put "$1/gone" "$rc_gone"; }
      if rc_exit "$1"; then return; fi
      if [ -e "$1/cancel" ] && [ ! -e "$1/pid" ]; then
        rc_put "$1/why" 'Cancelled while it waited.'
        rc_put "$1/exit" "130 cancelled $(rc_now)"
        rc_exit "$1"
      elif [ $(($(rc_now) - rc_gone)) -ge "${RC_GONE:-60}" ]; then
        rc_state=lost rc_reason=${rc_job:-gone-from-queue}
      else
        rc_stage "$1" waiting
      fi
      ;;
  esac
}

while read -r rc_id; do
  rc_is_run "$rc_id" || continue
  rc_state=absent rc_code='' rc_reason='' rc_end='' rc_place='' rc_gpus='' rc_why=''
  if rc_exit "$rc_id"; then
    rc_read "$rc_id/why"
    rc_why=$rc_got
  elif [ -e "$rc_id/job" ]; then
    rc_cluster "$rc_id"
    [ "$rc_state" != "done" ] || { rc_read "$rc_id/why"; rc_why=$rc_got; }
  elif [ -e "$rc_id/pid" ]; then
    # Asked only once there is a pid, so that this never meets a start; the exit file is read again to close the race.
    if rc_alive "$rc_id"; then
      rc_read "$rc_id/state"
      rc_state=${rc_got:-waiting}
      [ "$rc_state" != "done" ] || rc_state=finishing
    elif rc_exit "$rc_id"; then
      rc_read "$rc_id/why"
      rc_why=$rc_got
    else
      rc_state=lost rc_reason=$rc_lost
      rc_unqueue "$rc_id"
    fi
  elif [ -e "$rc_id/lock" ] && ! flock -n -E 75 "$rc_id/lock" true; then
    rc_state=waiting
  fi
  rc_read "$rc_id/started"
  rc_started=$rc_got
  if [ "$rc_state" = waiting ]; then
    rc_place=0
    for rc_file in "$rc_root"/queue/*; do
      rc_place=$((rc_place + 1))
      rc_got=${rc_file##*/}
      [ "${rc_got#*-}" != "$rc_id" ] || break
    done
  fi
  if [ -s "$rc_id/gpus" ]; then
    while read -r _ _ rc_got; do [ "$rc_got" = - ] || rc_gpus="$rc_gpus $rc_got"; done <"$rc_id/gpus"
  fi
  # After the exit was seen, so that the size with an end is the whole log.
  rc_size=0
  [ ! -s "$rc_id/log" ] || rc_size=$(stat -Lc %s -- "$rc_id/log")
  printf '%s\n' "$rc_id$rc_tab$rc_state$rc_tab$rc_code$rc_tab$rc_reason$rc_tab$rc_end$rc_tab$rc_started$rc_tab$rc_place$rc_tab${rc_gpus# }$rc_tab$rc_size$rc_tab$rc_why"
done
echo END
