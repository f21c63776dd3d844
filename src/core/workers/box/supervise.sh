# Owns one run from its start to its exit file: $1 root, $2 run. Descriptor 9 is the run's lock, held until it ends.
# This half waits for a slot: the turn lock makes a queue of all waiting runs of all users, one queue for GPUs and one
# for CPU slots. Its head gathers what it needs as it comes free, and becomes run.sh with the locks of its slots in its
# hands. Nothing here looks again and again: the others sleep in flock until it is their turn, the head sleeps until a
# slot's lock comes free. Only a GPU that a stranger uses without our locks is looked at now and then.
# shellcheck disable=SC2154
rc_root=$1 rc_run=$2
. "${0%/*}/lib.sh"
. "$rc_bin/end.sh"
. "$rc_bin/locks.sh"
. "$rc_bin/gpus.sh"
cd -- "$rc_root/runs/$rc_run" || exit 1
rc_boot
rc_start_of "$$"
rc_started="$$ $rc_start $rc_boot_id"
rc_read pid
[ "$rc_got" = "$rc_started" ] || { printf '%s\n' "$rc_started" >pid.own && mv -f pid.own pid; }
rc_put state waiting
rc_main=$$
rc_flock='' rc_tick='' rc_bell='' rc_wakers='' rc_timer=''
rc_ticket="$rc_root/queue/$(date +%s%N)-$rc_run"

# Ends children of this shell, and nothing that has taken the number of one since.
rc_stop_children() {
  for rc_p in $1; do
    rc_read "/proc/$rc_p/stat"
    rc_got=${rc_got##*) }
    case $rc_got in ?" $$ "*) kill "$rc_p" 2>/dev/null || : ;; esac
  done
}

rc_leave() {
  rc_stop_children "$rc_flock $rc_tick $rc_bell $rc_timer $rc_wakers"
  rc_flock='' rc_tick='' rc_bell='' rc_wakers='' rc_timer=''
  rm -f -- "$rc_ticket" wake smi looks apps
}

# What ends a wait. The trap does it too, so that no signal is lost between a look and the next sleep.
rc_check() {
  rc_has_folder || {
    rc_leave
    exit 0
  }
  if [ -e cancel ]; then
    rc_leave
    rc_end 130 cancelled 'Cancelled while it waited.'
  fi
  if [ "$rc_patience" -ge 0 ]; then
    rc_uptime
    if [ "$rc_up" -gt "$rc_deadline" ]; then
      rc_leave
      rc_end 125 expired 'It found no slot before its time to start had passed.'
    fi
  fi
}
rc_patience=-1
trap '' HUP
trap 'rc_leave; rc_end 143 killed "The supervisor was told to stop while the run waited."' TERM INT

# start_before is a time of the clock; from here on it is waited for by the box's own uptime, so that a clock which
# somebody sets meanwhile neither ends the run early nor lets it start late.
rc_read spec/start_before
if rc_is_number "$rc_got" && [ "$rc_got" -gt 0 ]; then
  rc_uptime
  rc_patience=$((rc_got - $(rc_now)))
  rc_deadline=$((rc_up + rc_patience))
  [ "$rc_patience" -ge 0 ] || rc_patience=0
fi
trap rc_check USR1
true >"$rc_ticket"
rc_read spec/gpus
rc_wanted=$rc_got
rc_kind=cpu
[ "$rc_wanted" -eq 0 ] || rc_kind=gpu
rc_lock_folders "turn-$rc_kind" || { rc_leave; rc_locks_unsafe; }
exec 8<"$rc_locks/turn-$rc_kind"

# Looks now and then where there is a time to start, also past a suspend.
rc_ticker() {
  trap '[ -z "$rc_nap" ] || kill "$rc_nap"; exit 0' TERM
  rc_nap=
  while :; do
    sleep "${RC_TICK:-15}" &
    rc_nap=$!
    wait "$rc_nap"
    kill -s USR1 "$rc_main" 2>/dev/null || exit 0
  done
}

rc_check
[ "$rc_patience" -lt 0 ] || {
  (rc_ticker) 8<&- 9>&- &
  rc_tick=$!
}
# An empty queue needs no waiting.
flock -n 8 9>&- || {
  flock 8 9>&- &
  rc_flock=$!
  while :; do
    wait "$rc_flock"
    rc_status=$?
    [ "$rc_status" -gt 128 ] && kill -0 "$rc_flock" 2>/dev/null || break
  done
  rc_flock=
}

# The bell: whoever has news writes a line to this pipe, and one sleeper waits for it. A line that comes while nobody
# waits stays there. The folder of a full disk may take no pipe; then a short sleep does its work.
mkfifo -m 600 wake 2>/dev/null && exec 5<>wake || true
rc_sleep() {
  if [ -p wake ]; then
    dd bs=1 count=1 <wake >/dev/null 2>&1 5<&- 8<&- 9>&- &
  else
    sleep 0.3 8<&- 9>&- &
  fi
  rc_bell=$!
  while :; do
    wait "$rc_bell"
    rc_status=$?
    [ "$rc_status" -gt 128 ] && kill -0 "$rc_bell" 2>/dev/null || break
  done
  rc_bell=
}

# Rings when the lock of slot $1 comes free: a process that sleeps in flock.
rc_watch_slot() {
  case $rc_watched in *" $1 "*) return 0 ;; esac
  [ -p wake ] || return 0
  rc_watched="$rc_watched$1 "
  # shellcheck disable=SC2016
  flock -F "$rc_locks/$1" /bin/sh -c 'echo "$0" >&5' "$1" 6<&- 8<&- 9>&- &
  rc_wakers="$rc_wakers $!"
}

rc_ring_in() {
  [ -p wake ] || return 0
  # shellcheck disable=SC2016
  /bin/sh -c 'trap "kill \$!" TERM; sleep "$0" & wait $! && echo >&5' "$1" 8<&- 9>&- &
  rc_timer=$!
}

# Lists the slots. nvidia-smi may fail or hang for a while: that starts nothing, and is not waited for without end.
rc_blind=
rc_no_smi() {
  rc_uptime
  [ -n "$rc_blind" ] || rc_blind=$rc_up
  if ! command -v "$rc_nvidia_smi" >/dev/null 2>&1; then
    rc_leave
    rc_end 125 no-slot "It needs $rc_wanted GPU(s) and this box has no nvidia-smi on its PATH. Install the NVIDIA driver there, or set gpus: 0 in research.yaml."
  fi
  [ $((rc_up - rc_blind)) -ge "${RC_SMI_PATIENCE:-300}" ] || return 0
  rc_said=$(head -n 1 smi 2>/dev/null | cut -c1-200)
  rc_leave
  rc_end 125 gpu-unknown "nvidia-smi on the box has failed or hung for ${RC_SMI_PATIENCE:-300} s, so nobody knows which GPU is free. ${rc_said:-It printed nothing.} A restart of the box helps as a rule."
}

rc_list_slots() {
  if [ "$rc_kind" = gpu ]; then
    until rc_gpu_slots; do
      rc_no_smi
      rc_ring_in "${RC_GPU_EVERY:-5}"
      rc_sleep
    done
    rc_blind=
  else
    rc_read spec/cpu_slots
    rc_count=$rc_got rc_index=0
    while [ "$rc_index" -lt "$rc_count" ]; do
      echo "cpu-$rc_index $rc_index -"
      rc_index=$((rc_index + 1))
    done >slots
  fi
}

rc_list_slots
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
# shellcheck disable=SC2086
rc_lock_folders $rc_names || { rc_leave; rc_locks_unsafe; }

# The slots that would do, in rc_picked (names); rc_pause says after how many seconds to look again where nobody rings.
rc_gather() {
  rc_free_names='' rc_free_uuids='' rc_number=0 rc_picked='' rc_pause=
  while read -r rc_name rc_index rc_uuid <&6; do
    if flock -n "$rc_locks/$rc_name" true 5<&- 6<&- 8<&- 9>&-; then
      rc_free_names="$rc_free_names $rc_name" rc_free_uuids="$rc_free_uuids $rc_uuid"
      rc_number=$((rc_number + 1))
      [ "$rc_kind" = gpu ] || [ "$rc_number" -lt "$rc_need" ] || break
    else
      rc_watch_slot "$rc_name"
    fi
  done 6<slots
  [ "$rc_number" -ge "$rc_need" ] || return 1
  if [ "$rc_kind" = cpu ]; then
    rc_picked=$rc_free_names
    return 0
  fi
  if ! rc_gpu_vacant "$rc_free_uuids" "$rc_need"; then
    rc_no_smi
    rc_pause=${RC_GPU_EVERY:-5}
    return 1
  fi
  rc_blind='' rc_number=0
  # In the order of their numbers: neighbours are connected best.
  for rc_uuid in $rc_free_uuids; do
    case "$rc_vacant " in *" $rc_uuid "*) ;; *) continue ;; esac
    rc_picked="$rc_picked gpu-$rc_uuid"
    rc_number=$((rc_number + 1))
    [ "$rc_number" -lt "$rc_need" ] || return 0
  done
  # What a run of ours left is gone at the next look as a rule; a stranger stays.
  rc_looked=$((rc_looked + 1))
  rc_pause=${RC_GPU_EVERY:-10}
  [ "$rc_looked" -gt 60 ] || rc_pause=2
  [ "$rc_looked" -gt 25 ] || rc_pause=0.2
  return 1
}

rc_watched=' ' rc_looked=0
until rc_gather; do
  rc_check
  [ -z "$rc_pause" ] || rc_ring_in "$rc_pause"
  rc_sleep
  # Whose bell rang has ended; it is watched again where its slot is taken still.
  rc_stop_children "$rc_timer $rc_wakers"
  rc_timer='' rc_wakers='' rc_watched=' '
done
rc_check
rc_leave
trap : USR1
while read -r rc_name rc_index rc_uuid <&6; do
  case " $rc_picked " in *" $rc_name "*) echo "$rc_name $rc_index $rc_uuid" ;; esac
done 6<slots >gpus
set -- /bin/sh "$rc_bin/run.sh" "$rc_root" "$rc_run" locked
# Locks are only ever taken under the turn, so none of these waits; the limit is for a stranger's test of a lock.
for rc_name in $rc_picked; do set -- flock -w 60 -F "$rc_locks/$rc_name" "$@"; done
# The locks' descriptors come after these, where no script of ours uses the number for something else.
exec 3</dev/null 4</dev/null 5</dev/null 6</dev/null 7</dev/null
exec "$@"
