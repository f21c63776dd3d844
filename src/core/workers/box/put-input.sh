# Takes one input on stdin: $1 root, $2 its sha256. Kept once for all runs.
rc_root=$1
. "${0%/*}/lib.sh"
mkdir -p -- "$rc_root/inputs"
rc_tmp=$rc_root/inputs/.$2.$$
if ! cat >"$rc_tmp"; then
  rm -f -- "$rc_tmp"
  rc_free
  printf 'FULL %s %s\n' "$rc_free" "$rc_root"
  exit 0
fi
if [ "$(sha256sum <"$rc_tmp" | cut -d' ' -f1)" = "$2" ]; then
  chmod 0400 "$rc_tmp"
  mv -f -- "$rc_tmp" "$rc_root/inputs/$2" && echo TAKEN
else
  rm -f -- "$rc_tmp"
  echo DIFFERENT
fi
