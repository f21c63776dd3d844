printf '%s\n' "$1"
case $2 in
  '') rc_root=${XDG_DATA_HOME:-$HOME/.local/share}/research-copilot/v1 ;;
  /*) rc_root=$2 ;;
  *) rc_root=$HOME/${2#'~/'} ;;
esac
rc_hash=$3 rc_name=$4
shift 4
if [ "$rc_name" != install ]; then
  [ -f "$rc_root/bin/$rc_hash/$rc_name" ] || { echo NOBIN; exit 0; }
  exec /bin/sh "$rc_root/bin/$rc_hash/$rc_name" "$rc_root" "$@"
fi
