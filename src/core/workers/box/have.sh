# What the box has: $1 root, $2 repo; on stdin what a client is about to send, a line each: `run ID`, `commit SHA`,
# `input SHA256`. Answers a line each: RUN <id> <fresh|live|done|lost>, HAVE <commit>, TIP <commit> (what a pack may build
# on, newest first), WANT <sha256> <bytes of it that came before>, FREE <bytes> where something is wanted, END.
rc_root=$1
. "${0%/*}/lib.sh"
rc_repo_dir=$rc_root/repo/$2.git
for rc_name in git flock setsid; do
  command -v "$rc_name" >/dev/null || {
    echo "MISSING $rc_name"
    exit 0
  }
done
rc_commits='' rc_inputs=
while IFS=' ' read -r rc_kind rc_name; do
  case $rc_kind in
    run)
      rc_is_run "$rc_name" || exit 1
      rc_dir=$rc_root/runs/$rc_name rc_said=fresh
      if [ -e "$rc_dir/exit" ]; then
        rc_said='done'
      elif [ -e "$rc_dir/pid" ] || [ -e "$rc_dir/job" ]; then
        if rc_alive "$rc_dir"; then rc_said=live; elif [ -e "$rc_dir/exit" ]; then rc_said='done'; else rc_said=lost; fi
      fi
      printf 'RUN %s %s\n' "$rc_name" "$rc_said"
      ;;
    commit) rc_commits="$rc_commits $rc_name" ;;
    input) rc_inputs="$rc_inputs$rc_name
" ;;
  esac
done
if [ -n "$rc_inputs" ]; then
  . "$rc_bin/inputs.sh"
  mkdir -p -- "$rc_root/inputs" && rc_lock_inputs || {
    echo "BROKEN $rc_root/inputs cannot be made"
    exit 0
  }
  rc_wanted=
  for rc_sum in $(printf '%s' "$rc_inputs" | rc_doubtful); do
    # Somebody may have removed it, and a run may have written to it.
    ! rc_rehash "$rc_sum" || continue
    rc_wanted=1
    rc_size=$(stat -c %s -- "$rc_root/inputs/.$rc_sum/data" 2>/dev/null) || rc_size=0
    printf 'WANT %s %s\n' "$rc_sum" "$rc_size"
  done
  exec 7>&-
  [ -z "$rc_wanted" ] || {
    rc_free
    printf 'FREE %s\n' "$rc_free"
  }
fi
if [ -d "$rc_repo_dir" ]; then
  # Run ids sort by time, and the commits all carry the same date: the newest runs come first, the bases last.
  rc_git for-each-ref --sort=-refname --format='%(objectname)' refs/ 2>/dev/null | awk -v wanted="$rc_commits" '
    BEGIN { number = split(wanted, list, " "); for (i = 1; i <= number; i++) is_wanted[list[i]] = 1 }
    seen[$0]++ { next }
    $0 in is_wanted { print "HAVE " $0 }
    ++tips <= 12 { print "TIP " $0 }'
fi
echo END
