# Makes checkouts ahead, for the runs that come next: $1 root, $2 repo, $3 commit. In the background, one at a time.
# shellcheck disable=SC2154
rc_root=$1 rc_repo_dir=$1/repo/$2.git rc_commit=$3
. "${0%/*}/lib.sh"
. "$rc_bin/spare.sh"
rc_spares=$rc_root/spare/${rc_repo_dir##*/}
# Only where there is plenty of room, and nothing that git's index cannot vouch for.
rc_free
[ "$rc_free" -gt 5000000000 ] && [ ! -e "$rc_spares/.never" ] && mkdir -p -- "$rc_spares" && true >>"$rc_spares/.lock" || exit 0
exec 8>>"$rc_spares/.lock"
flock -n 8 || exit 0
while :; do
  set -- "$rc_spares"/*.index
  [ "$#" -lt 2 ] || exit 0
  rm -rf -- "$rc_spares"/.new*
  case $(rc_git ls-tree -r "$rc_commit" | cut -c1-6 | sort -u) in *160000*) exit 0 ;; esac
  rc_new=$rc_spares/.new
  mkdir -- "$rc_new" && rc_fit "$rc_new" "$rc_commit" || exit 0
  # A large tree twice over costs more room than the time is worth.
  if [ "$(du -sk -- "$rc_new" | cut -f1)" -gt 1000000 ]; then
    rm -rf -- "$rc_new" "$rc_new.index"
    true >"$rc_spares/.never"
    exit 0
  fi
  rc_name=$rc_spares/$(date +%s%N)
  mv -T -- "$rc_new" "$rc_name" && mv -T -- "$rc_new.index" "$rc_name.index" || exit 0
done
