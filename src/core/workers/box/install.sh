# Puts the scripts on the box: bin/<hash>/, once. $1 root, $2 hash. Frames on stdin.
# shellcheck shell=sh disable=SC2154
umask 077
rc_to="$rc_root/bin/$2" rc_tmp="$rc_root/bin/.$2.$$"
rc_fail() {
  rm -rf -- "$rc_tmp"
  printf 'FULL %s %s\n' "$(df -Pk -- "$rc_root" 2>/dev/null | awk 'NR == 2 { printf "%.0f", $4 * 1024 }')" "$rc_root"
  exit 0
}
mkdir -p -- "$rc_tmp" || {
  printf 'NOROOT %s\n' "$rc_root"
  exit 0
}
true >"$rc_tmp/all" || rc_fail
while IFS=' ' read -r rc_name rc_len; do
  [ "$rc_name" != end ] || break
  case $rc_name in *[!a-z.-]*) exit 1 ;; esac
  dd bs="$rc_len" count=1 iflag=fullblock of="$rc_tmp/$rc_name" 2>/dev/null || rc_fail
  cat -- "$rc_tmp/$rc_name" >>"$rc_tmp/all" || rc_fail
done
rc_sum=$(sha256sum <"$rc_tmp/all" | cut -d' ' -f1)
rm -f -- "$rc_tmp/all"
[ "$rc_sum" = "$2" ] || rc_fail
mv -T -- "$rc_tmp" "$rc_to" 2>/dev/null || rm -rf -- "$rc_tmp"
[ -f "$rc_to/lib.sh" ] || rc_fail
echo INSTALLED
