# Parts of files of runs: $1 root; on stdin a line each: run, offset, limit, file (log, supervisor, setup,
# code/<path>) and a bar, which keeps a blank at the end of a name. A frame each, in this order: `size length`, then the bytes, then a line end; END closes it. The size is
# that of the whole file; -1 where there is none, or a link stands in its place.
rc_root=$1
. "${0%/*}/lib.sh"
rc_tab='	' rc_line='
'
cd -- "$rc_root/runs" 2>/dev/null || cd /

# The file that $2 names in run $1, in rc_file; empty where it may not be read.
rc_name_file() {
  rc_file=
  rc_is_run "$1" || return 0
  case $2 in log | supervisor | code/*) rc_file=$1/$2 ;; setup) rc_file=$1/setup.log ;; *) return 0 ;; esac
  case /$2/ in */../* | */./* | *//*) rc_file= ; return 0 ;; esac
  rc_part=$1 rc_rest=$2
  case $2 in
    code/*)
      while [ -n "$rc_rest" ]; do
        rc_part=$rc_part/${rc_rest%%/*}
        case $rc_rest in */*) rc_rest=${rc_rest#*/} ;; *) rc_rest= ;; esac
        [ ! -L "$rc_part" ] || rc_file=
      done
      ;;
  esac
  [ -n "$rc_file" ] && [ -f "$rc_file" ] && [ ! -L "$rc_file" ] || rc_file=
}

rc_wanted='' rc_files=''
while read -r rc_run rc_from rc_limit rc_name; do
  case $rc_from$rc_limit in '' | *[!0-9]*) exit 1 ;; esac
  rc_name_file "$rc_run" "${rc_name%|}"
  rc_wanted="$rc_wanted$rc_from $rc_limit ${rc_file:--}|$rc_line"
  [ -z "$rc_file" ] || rc_files="$rc_files$rc_file$rc_line"
done
rc_sizes=
if [ -n "$rc_files" ]; then
  # One process for all sizes.
  set -f
  IFS=$rc_line
  # shellcheck disable=SC2086
  rc_sizes=$rc_line$(stat -c "%s$rc_tab%n" -- $rc_files 2>/dev/null)$rc_line
  unset IFS
  set +f
fi
printf '%s' "$rc_wanted" | while read -r rc_from rc_limit rc_file; do
  rc_file=${rc_file%|} rc_size=-1 rc_take=0
  case $rc_sizes in *"$rc_tab$rc_file$rc_line"*)
    rc_size=${rc_sizes%%"$rc_tab$rc_file$rc_line"*}
    rc_size=${rc_size##*"$rc_line"}
    ;;
  esac
  if [ "$rc_size" -gt "$rc_from" ]; then
    rc_take=$((rc_size - rc_from))
    [ "$rc_take" -le "$rc_limit" ] || rc_take=$rc_limit
  fi
  printf '%s %s\n' "$rc_size" "$rc_take"
  # A file that shrinks meanwhile leaves its frame short, which breaks the answer: it is asked for again.
  [ "$rc_take" -eq 0 ] ||
    dd if="$rc_file" bs=65536 skip="$rc_from" count="$rc_take" iflag=skip_bytes,count_bytes,fullblock 2>/dev/null
  echo
done
echo END
