# How much the folders of runs take: $1 root; run ids on stdin. `ID KIB` a line, then END; none for a run that is not
# here. An input that runs share counts once.
rc_root=$1
. "${0%/*}/lib.sh"
cd -- "$rc_root/runs" 2>/dev/null || { echo END; exit 0; }
rc_dirs=
while read -r rc_id; do
  rc_is_run "$rc_id" && [ -d "$rc_id" ] || continue
  rc_dirs="$rc_dirs $rc_id"
done
# shellcheck disable=SC2086
[ -z "$rc_dirs" ] || du -sk -- $rc_dirs 2>/dev/null | while read -r rc_size rc_id; do echo "$rc_id $rc_size"; done
echo END
