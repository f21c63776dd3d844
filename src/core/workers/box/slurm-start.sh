# Hands a received run to Slurm, once: $1 root, $2 run, then the options of sbatch. Answers STARTED, ALREADY, DONE or
# REFUSED and what sbatch said.
# shellcheck disable=SC2154
rc_root=$1 rc_run=$2
shift 2
. "${0%/*}/lib.sh"
rc_is_run "$rc_run" || exit 1
cd -- "$rc_root/runs/$rc_run" || exit 1
command -v sbatch >/dev/null || { echo 'MISSING sbatch'; exit 0; }
exec 9>lock
flock -w 60 9 || { echo ALREADY; exit 0; }
[ ! -e exit ] || { echo DONE; exit 0; }
[ ! -e job ] || { echo ALREADY; exit 0; }
# The answer of an earlier submit may have been lost on its way.
rc_job=$(timeout 20 squeue --me -h -t all -o %i --name "rc-$rc_run" 2>/dev/null | head -n 1)
if [ -n "$rc_job" ]; then
  rc_put job "$rc_job"
  echo ALREADY
  exit 0
fi
cat >job.sh <<'EOF'
#!/bin/sh
exec /bin/sh "$1/slurm-job.sh" "$2" "$3"
EOF
rc_said=$(timeout 60 sbatch --parsable --job-name="rc-$rc_run" --output="$PWD/supervisor" --open-mode=append --export=NONE \
  --no-requeue "$@" job.sh "$rc_bin" "$rc_root" "$rc_run" 2>&1 9>&-) || {
  printf 'REFUSED %s\n' "$(printf '%s' "$rc_said" | tr '\n' ' ' | head -c 500)"
  exit 0
}
rc_job=$(printf '%s\n' "$rc_said" | tail -n 1 | sed -n 's/^\([0-9][0-9]*\).*/\1/p')
[ -n "$rc_job" ] && rc_put job "$rc_job" && echo STARTED
