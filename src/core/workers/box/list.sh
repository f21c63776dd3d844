# The artifacts of a run: $1 root, $2 run. `size path` a line, then END.
rc_root=$1
. "${0%/*}/lib.sh"
rc_is_run "$2" || exit 1
cd -- "$rc_root/runs/$2" 2>/dev/null || { echo END; exit 0; }
if [ -d code ]; then
  rc_matching code spec/artifacts | while IFS= read -r rc_path; do
    rc_real=$(realpath -- "code/$rc_path") || continue
    case $rc_real in "$(realpath code)"/*) printf '%s %s\n' "$(stat -c %s -- "code/$rc_path")" "$rc_path" ;; esac
  done
fi
echo END
