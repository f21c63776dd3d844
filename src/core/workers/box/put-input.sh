# Takes one input on stdin, or what is missing of it: $1 root, $2 its sha256, $3 its size, $4 from which byte on, $5
# `over` to end another upload of it that stands still. What came lies in inputs/.<sha256>/data until it is whole and
# right, so that a link that died is gone on from; then it is renamed.
# Answers TAKEN, AT <bytes> (it has so many: send on from there), BUSY <bytes> (somebody else sends it), DIFFERENT (the
# whole has another hash: nothing is kept), FULL <free bytes> <folder>.
rc_root=$1 rc_sum=$2
. "${0%/*}/lib.sh"
. "$rc_bin/inputs.sh"
case $rc_sum in '' | *[!0-9a-f]*) exit 1 ;; esac
case $3$4 in *[!0-9]*) exit 1 ;; esac
rc_up=$rc_root/inputs/.$rc_sum
# Nothing of it is kept: what else runs here needs the room.
rc_full() {
  rc_free
  rm -rf -- "$rc_up"
  printf 'FULL %s %s\n' "$rc_free" "$rc_root"
  exit 0
}
rc_open() {
  mkdir -p -- "$rc_up" && true <"$rc_up" && exec 8<"$rc_up" || rc_full
}
rc_got_bytes() { rc_have=$(stat -c %s -- "$rc_up/data" 2>/dev/null) || rc_have=0; }
rc_open
rc_tries=0
until flock -n 8 && [ "$rc_up" -ef /proc/self/fd/8 ]; do
  [ ! -f "$rc_root/inputs/$rc_sum" ] || { echo TAKEN; exit 0; }
  rc_got_bytes
  if [ "$5" != over ] || [ "$rc_tries" -ge 100 ]; then
    echo "BUSY $rc_have"
    exit 0
  fi
  ! rc_alive "$rc_up" || kill -s KILL "$rc_pid" "$(cat "$rc_up/cat")" 2>/dev/null
  rc_tries=$((rc_tries + 1))
  sleep 0.05
  rc_open
done
[ ! -f "$rc_root/inputs/$rc_sum" ] || { rm -rf -- "$rc_up"; echo TAKEN; exit 0; }
rc_got_bytes
[ "$rc_have" -le "$3" ] || { rm -f -- "$rc_up/data"; rc_have=0; }
if [ "$rc_have" -ne "$4" ]; then
  echo "AT $rc_have"
  exit 0
fi
rc_boot
rc_start_of "$$"
exec 5<&0
cat <&5 >>"$rc_up/data" 8<&- &
rc_cat=$!
printf '%s\n' "$rc_cat" >"$rc_up/cat" && printf '%s\n' "$$ $rc_start $rc_boot_id" >"$rc_up/pid" || { kill "$rc_cat"; rc_full; }
wait "$rc_cat" || rc_full
rc_got_bytes
if [ "$rc_have" -ne "$3" ]; then
  echo "AT $rc_have"
  exit 0
fi
if [ "$(rc_hash "$rc_up/data")" = "$rc_sum" ]; then
  chmod 0400 "$rc_up/data" && rc_lock_inputs && mv -f -- "$rc_up/data" "$rc_root/inputs/$rc_sum" && echo "$rc_sum" | rc_stamp || rc_full
  rm -rf -- "$rc_up"
  echo TAKEN
else
  rm -rf -- "$rc_up"
  echo DIFFERENT
fi
