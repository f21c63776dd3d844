# Owns one run from its start to its exit file: $1 root, $2 run. Descriptor 9 is the run's lock, held until it ends.
# This half waits for a slot: the turn lock makes a queue of all waiting runs of all users, its head gathers the GPUs
# (or a CPU slot) as they come free, and becomes run.sh with the locks of its slots in its hands.
# shellcheck disable=SC2154
rc_root=$1 rc_run=$2
. "${0%/*}/lib.sh"
. "$rc_bin/end.sh"
cd -- "$rc_root/runs/$rc_run" || exit 1
rc_boot
rc_start_of "$$"
rc_started="$$ $rc_start $rc_boot_id"
rc_read pid
[ "$rc_got" = "$rc_started" ] || { printf '%s\n' "$rc_started" >pid.own && mv -f pid.own pid; }
rc_put state waiting
trap : USR1
trap '' HUP
trap 'rc_end 143 killed "The supervisor was told to stop while the run waited."' TERM INT

rc_read spec/gpus
rc_wanted=$rc_got
rc_read spec/start_before
rc_before=$rc_got
rc_ticket="$rc_root/queue/$(date +%s%N)-$rc_run"
true >"$rc_ticket"
rc_flock='' rc_tick=''
rc_leave() {
  [ -z "$rc_flock" ] || kill "$rc_flock" 2>/dev/null || :
  [ -z "$rc_tick" ] || kill "$rc_tick" 2>/dev/null || :
  rc_flock='' rc_tick=''
  rm -f -- "$rc_ticket"
}
rc_check() {
  if [ -e cancel ]; then
    rc_leave
    rc_end 130 cancelled 'Cancelled while it waited.'
  fi
  if [ "$rc_before" -gt 0 ] && [ "$(rc_now)" -gt "$rc_before" ]; then
    rc_leave
    rc_end 125 expired 'It found no slot before its time to start had passed.'
  fi
}
rc_smi() { timeout 10 "$rc_nvidia_smi" "$@" 2>/dev/null; }

# The slots of this box, one a line: `name index uuid`.
if [ "$rc_wanted" -gt 0 ]; then
  rc_kind=gpu
  rc_read spec/gpu_list
  rc_allowed=$rc_got
  rc_smi --query-gpu=index,uuid --format=csv,noheader | tr -d ' ' | while IFS=, read -r rc_index rc_uuid; do
    case $rc_index in '' | *[!0-9]*) continue ;; esac
    case $rc_uuid in '' | *[!A-Za-z0-9-]*) continue ;; esac
    case " $rc_allowed " in ' all ' | *" $rc_index "*) echo "gpu-$rc_uuid $rc_index $rc_uuid" ;; esac
  done >slots
else
  rc_kind=cpu
  rc_read spec/cpu_slots
  rc_count=$rc_got rc_index=0
  while [ "$rc_index" -lt "$rc_count" ]; do
    echo "cpu-$rc_index $rc_index -"
    rc_index=$((rc_index + 1))
  done >slots
fi
rc_have=0 rc_names=
while read -r rc_name _ <&6; do
  rc_have=$((rc_have + 1))
  rc_names="$rc_names $rc_name"
done 6<slots
rc_need=$rc_wanted
[ "$rc_need" -gt 0 ] || rc_need=1
if [ "$rc_have" -lt "$rc_need" ]; then
  rc_leave
  rc_end 125 no-slot "It needs $rc_need $rc_kind slot(s) and this box gives $((rc_have)). See nvidia-smi on the box, and gpus and cpu_slots in boxes.yaml."
fi

# Folders, not files: another user's folder in a sticky folder can be opened and locked, another user's file cannot.
[ -d "$rc_locks" ] || mkdir -m 1777 -- "$rc_locks" 2>/dev/null || :
for rc_name in "turn-$rc_kind" $rc_names; do
  [ -d "$rc_locks/$rc_name" ] || mkdir -m 755 -- "$rc_locks/$rc_name" 2>/dev/null || :
done
[ -r "$rc_locks/turn-$rc_kind" ] && exec 8<"$rc_locks/turn-$rc_kind" || rc_end 125 no-slot "The lock folder $rc_locks cannot be used."

# An empty queue needs no waiting.
flock -n 8 9>&- || {
  # Wakes the wait below now and then, for the clock; a cancel wakes it at once by signal.
  rc_main=$$
  (
    trap '[ -z "$rc_nap" ] || kill "$rc_nap"; exit 0' TERM
    rc_nap=
    while :; do
      sleep 5 &
      rc_nap=$!
      wait "$rc_nap"
      kill -s USR1 "$rc_main" 2>/dev/null || exit 0
    done
  ) 8<&- 9>&- &
  rc_tick=$!
  flock 8 9>&- &
  rc_flock=$!
  while :; do
    rc_check
    wait "$rc_flock"
    rc_status=$?
    [ "$rc_status" -gt 128 ] && kill -0 "$rc_flock" 2>/dev/null || break
  done
  rc_flock=
}

# The head of the queue gathers. A GPU that somebody computes on without our locks is left alone; that is asked only
# when the locks would do, because nvidia-smi is slow.
while :; do
  rc_check
  rc_picked='' rc_number=0 rc_used='' rc_asked='' rc_nap=0.2
  while read -r rc_name rc_index rc_uuid <&6; do
    flock -n "$rc_locks/$rc_name" true 6<&- 8<&- 9>&- || continue
    if [ "$rc_kind" = gpu ]; then
      [ -n "$rc_asked" ] || rc_used=$(rc_smi --query-compute-apps=gpu_uuid --format=csv,noheader | tr -d ' ')
      rc_asked=1
      case "
$rc_used
" in *"
$rc_uuid
"*)
        rc_nap=2
        continue
        ;;
      esac
    fi
    rc_picked="$rc_picked $rc_name"
    rc_number=$((rc_number + 1))
    [ "$rc_number" -lt "$rc_need" ] || break
  done 6<slots
  [ "$rc_number" -lt "$rc_need" ] || break
  sleep "$rc_nap" 8<&- 9>&- &
  wait "$!"
done
rc_leave
while read -r rc_name rc_index rc_uuid <&6; do
  case " $rc_picked " in *" $rc_name "*) echo "$rc_name $rc_index $rc_uuid" ;; esac
done 6<slots >gpus
set -- /bin/sh "$rc_bin/run.sh" "$rc_root" "$rc_run"
# Locks are only ever taken under the turn, so none of these waits; the limit is for a stranger's test of a lock.
for rc_name in $rc_picked; do set -- flock -w 60 -F "$rc_locks/$rc_name" "$@"; done
exec "$@"
