# Removes the folders of ended runs: $1 root, ids on stdin. Answers the bytes freed. Never a run whose lock is held.
rc_root=$1
. "${0%/*}/lib.sh"
. "$rc_bin/inputs.sh"
rc_total=0
while read -r rc_id; do
  rc_is_run "$rc_id" && cd -- "$rc_root/runs/$rc_id" 2>/dev/null || continue
  if [ ! -e exit ] && { [ ! -e pid ] && [ ! -e job ] || rc_alive .; }; then continue; fi
  # What a dead owner left running holds its slot still.
  [ -e exit ] || [ -z "$(rc_members "$rc_id" none)" ] || continue
  exec 9>lock
  flock -n 9 || continue
  rc_size=$(du -sk . | cut -f1)
  [ ! -f spec/repo ] || { rc_repo_dir=$rc_root/repo/$(cat spec/repo).git; rc_git update-ref -d "refs/runs/$rc_id" 2>/dev/null || :; }
  # Links of an input that go away change the time of its inode: what was right before is so after.
  rc_right=
  if [ -s spec/inputs ] && rc_lock_inputs; then
    rc_doubtful <spec/inputs >inputs.doubt
    rc_right=$(LC_ALL=C grep -v -F -f inputs.doubt spec/inputs)
  fi
  mkdir -p -- "$rc_root/trash"
  mv -T -- "$rc_root/runs/$rc_id" "$rc_root/trash/$rc_id.$$" && rm -rf -- "$rc_root/trash/$rc_id.$$" && rc_total=$((rc_total + rc_size * 1024))
  [ -z "$rc_right" ] || printf '%s\n' "$rc_right" | rc_stamp
  exec 9>&- 7>&-
done
# The groups of a cluster none of whose runs is here any more.
for rc_group in "$rc_root"/groups/*/; do
  [ -f "$rc_group/manifest" ] || continue
  while read -r _ rc_id; do [ ! -d "$rc_root/runs/$rc_id" ] || continue 2; done <"$rc_group/manifest"
  rm -rf -- "$rc_group"
done
# What shipments that were cut left behind; an upload that goes on is younger.
find "$rc_root/repo" "$rc_root/inputs" -type f \( -name 'tmp_*' -o -name '.*.[0-9]*' \) -mmin +60 -exec rm -f -- {} + 2>/dev/null
# An upload that broke off and that nobody went on with for two days.
for rc_file in "$rc_root"/inputs/.*/data; do
  [ -z "$(find "$rc_file" -mmin +2880 2>/dev/null)" ] || rm -rf -- "${rc_file%/data}"
done
# Checkouts made ahead for a repository that nobody ran for a week.
find "$rc_root/spare" -mindepth 2 -maxdepth 2 -mtime +7 -exec rm -rf -- {} + 2>/dev/null
echo "$rc_total"
