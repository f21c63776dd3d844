# A log as it grows: $1 root, $2 run, $3 offset. Answers FOLLOW, then its bytes from there on, until the run has ended and all of it was
# given. Woken by the disk where it can tell of changes. tail says on stderr when the log was truncated.
rc_root=$1
. "${0%/*}/lib.sh"
rc_is_run "$2" || exit 1
cd -- "$rc_root/runs/$2" 2>/dev/null || exit 3
[ -f log ] && [ ! -L log ] || exit 3
echo FOLLOW
if [ -e job ] && [ ! -e exit ] && [ ! -e lost ]; then
  # A cluster's run has its owner on another machine: a process here ends when it has ended, or when tail has.
  (while [ ! -e exit ] && [ ! -e lost ] && kill -0 "$$"; do sleep 1; done) </dev/null >/dev/null 2>&1 &
  exec tail -c "+$(($3 + 1))" -s 1 --pid="$!" -f log
fi
if [ ! -e exit ] && rc_alive . && [ -n "$rc_pid" ]; then
  # Nobody on the other side is noticed at the next write only: this ends with the channel's end.
  exec tail -c "+$(($3 + 1))" -s 0.5 --pid="$rc_pid" -f log
fi
exec tail -c "+$(($3 + 1))" log
