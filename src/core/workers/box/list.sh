# The artifacts of a run: $1 root, $2 run. `size path` a line, then END. With $3 `sums`: the sha256 of those named on
# stdin, one path a line with a bar behind it, `sha256 path`.
rc_root=$1
. "${0%/*}/lib.sh"
. "$rc_bin/inputs.sh"
rc_is_run "$2" || exit 1
cd -- "$rc_root/runs/$2" 2>/dev/null || { echo END; exit 0; }
# Whether code/$1 is a plain file that no link leads out of the code.
rc_plain() {
  [ -f "code/$1" ] && [ ! -L "code/$1" ] && rc_real=$(realpath -- "code/$1") || return 1
  case $rc_real in "$rc_code"/*) ;; *) return 1 ;; esac
}
if [ -d code ]; then
  rc_code=$(realpath code)
  if [ "$3" = sums ]; then
    while IFS= read -r rc_path; do
      rc_path=${rc_path%|}
      rc_plain "$rc_path" || continue
      rc_got=$(rc_hash "code/$rc_path") && printf '%s %s\n' "$rc_got" "$rc_path"
    done
  else
    rc_matching code spec/artifacts | while IFS= read -r rc_path; do
      ! rc_plain "$rc_path" || printf '%s %s\n' "$(stat -c %s -- "code/$rc_path")" "$rc_path"
    done
  fi
fi
echo END
