# What the box has: $1 root, $2 run, $3 repo, $4 commit; on stdin the sha256 of the inputs the run needs, one a line.
# Answers a line each: RUN <fresh|live|done|lost>, HAVE or TIP <commit>..., WANT <sha256>..., END.
rc_root=$1
. "${0%/*}/lib.sh"
rc_is_run "$2" || exit 1
rc_dir=$rc_root/runs/$2 rc_repo_dir=$rc_root/repo/$3.git
command -v git >/dev/null || { echo 'MISSING git'; exit 0; }
command -v flock >/dev/null || { echo 'MISSING flock'; exit 0; }
command -v setsid >/dev/null || { echo 'MISSING setsid'; exit 0; }
if [ -e "$rc_dir/exit" ]; then
  echo 'RUN done'
elif [ -e "$rc_dir/pid" ]; then
  if rc_alive "$rc_dir"; then echo 'RUN live'; elif [ -e "$rc_dir/exit" ]; then echo 'RUN done'; else echo 'RUN lost'; fi
else
  echo 'RUN fresh'
fi
if [ -d "$rc_repo_dir" ]; then
  if [ -n "$(rc_git for-each-ref --points-at "$4" --count=1 refs/ 2>/dev/null)" ]; then
    echo HAVE
  else
    # Run ids sort by time, and the commits all carry the same date: the newest runs come first.
    rc_git for-each-ref --sort=-refname --count=24 --format='TIP %(objectname)' refs/ | awk '!seen[$0]++' | head -n 12
  fi
fi
while read -r rc_sum; do
  [ -f "$rc_root/inputs/$rc_sum" ] || printf 'WANT %s\n' "$rc_sum"
done
echo END
