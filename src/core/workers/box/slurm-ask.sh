# Asks the cluster for all our jobs, for everybody who polls: $1 root. Descriptor 9 is the lock of those who ask.
# Leaves slurm/queue: seconds it took, then `job name state place reason` a line, arrays element by element.
rc_root=$1
. "${0%/*}/lib.sh"
. "$rc_bin/slurm.sh"
cd -- "$rc_slurm" || exit 1
rc_begin=$(date +%s)
# The answer is as old as the question.
true >asked.$$
if timeout 45 squeue -h -t all -u "$(id -un)" -o '%i|%j|%T|%r' >said.$$ 2>error.$$; then
  {
    echo $(($(date +%s) - rc_begin))
    awk -F '|' '
      function say(id) { print id " " $2 " " $3 " " ($3 == "PENDING" ? ++place : "-") " " $4 }
      $2 !~ /^rc-[a-z0-9-]+$/ { next }
      $1 !~ /_\[/ { say($1); next }
      {
        base = list = $1
        sub(/_\[.*/, "", base)
        sub(/^[^[]*\[/, "", list)
        sub(/[%\]].*/, "", list)
        count = split(list, parts, ",")
        for (at = 1; at <= count; at++) {
          step = 1
          if (split(parts[at], stepped, ":") > 1) step = stepped[2] + 0
          ends = split(stepped[1], range, "-")
          if (range[1] !~ /^[0-9]+$/ || step < 1) continue
          for (one = range[1] + 0; one <= range[ends] + 0; one += step) say(base "_" one)
        }
      }' said.$$
  } >queue.$$
  touch -r asked.$$ queue.$$ && mv -f -- queue.$$ queue
  rm -f -- down
else
  rc_note_down "$(head -n 1 error.$$)"
fi
rm -f -- asked.$$ said.$$ error.$$ queue.$$
