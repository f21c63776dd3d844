# A part of a file of a run: $1 root, $2 run, $3 file, $4 offset, $5 limit. Files: log, supervisor, code/<artifact>.
rc_root=$1
. "${0%/*}/lib.sh"
rc_is_run "$2" || exit 1
cd -- "$rc_root/runs/$2" 2>/dev/null || exit 0
case $3 in log | supervisor | code/*) ;; *) exit 1 ;; esac
case /$3/ in */../*) exit 1 ;; esac
[ -f "$3" ] && [ ! -L "$3" ] || exit 0
tail -c "+$(($4 + 1))" -- "$3" | head -c "$5"
