# Asks a run to stop: $1 root, $2 run. Answers DONE (it had ended) or TAKEN. A run that never came here is written down
# as cancelled, so that a start that is still on its way finds it ended.
rc_root=$1 rc_run=$2
. "${0%/*}/lib.sh"
. "$rc_bin/end.sh"
rc_is_run "$rc_run" || exit 1
rc_dir=$rc_root/runs/$rc_run
mkdir -p -- "$rc_dir" && cd -- "$rc_dir" || exit 1
true >cancel || {
  rm -f reserve
  true >cancel
} || {
  rc_free
  printf 'FULL %s %s\n' "$rc_free" "$rc_root"
  exit 0
}
[ ! -e exit ] || { echo DONE; exit 0; }
rc_tick=
if [ -e job ] || [ -e group ]; then
  # Slurm is told in the background: where its controller is away, each command waits. The job obeys the file too, and
  # poll.sh tells Slurm again what it did not hear.
  . "$rc_bin/slurm.sh"
  rc_note_event
  [ -e begun ] || rm -rf -- secrets
  if rc_job_of . && ! rc_was_down; then (rc_scancel "$rc_job") </dev/null >/dev/null 2>&1 & fi
else
  # No owner: a start on its way is waited for; what a dead owner left behind is ended here.
  exec 9>lock
  rc_tries=0
  until rc_alive . || [ -e exit ] || flock -n 9 || [ "$rc_tries" -ge 1200 ]; do
    rc_tries=$((rc_tries + 1))
    sleep 0.05
  done
  if rc_alive .; then
    kill -s USR1 "$rc_pid" 2>/dev/null || :
  elif [ ! -e exit ]; then
    # Also where there is no pid: somebody may have removed the folder, and with it all that told of its owner. That one
    # sees by itself that its folder is gone, once it is woken.
    for rc_p in $(grep -lszx -- "$rc_run" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3); do
      rc_read "/proc/$rc_p/cmdline"
      case $rc_got in *"$rc_bin"/run.sh* | *"$rc_bin"/supervise.sh*) kill -s USR1 "$rc_p" 2>/dev/null || : ;; esac
    done
    rc_sweep "$rc_run" none 0 2 || :
    . "$rc_bin/sandbox.sh"
    rc_read sandbox
    rc_sandbox=$rc_got
    rc_leave_sandbox
    (rc_end 130 cancelled 'Cancelled.')
  fi
fi
echo TAKEN
