# How runs of a cluster stand, for poll.sh, which sources it. Our own exit file is asked first, the queue second, the
# accounting last; no word of Slurm ever makes a success.
# shellcheck shell=sh disable=SC2154
. "$rc_bin/slurm.sh"
rc_jobs=
rc_nl='
'

# The queue in rc_jobs, as old as it may be, and in rc_down why there is no newer one. One question serves everybody on
# this account: the next is asked after 30 s, or five times as long as the last took; sooner where jobs came or went.
rc_ask() {
  mkdir -p -- "$rc_slurm"
  rc_jobs=$rc_nl rc_down=''
  if ! rc_is_fresh && ! rc_was_down && true >>"$rc_slurm/lock"; then
    # In a process of its own, because a controller that is away keeps it waiting for nine seconds.
    exec 7>>"$rc_slurm/lock"
    if flock -n 7; then
      setsid /bin/sh "$rc_bin/slurm-ask.sh" "$rc_root" </dev/null >/dev/null 2>&1 9>&7 7>&- &
    fi
    exec 7>&-
    rc_wait=${RC_SLURM_WAIT:-3}
    [ ! -e "$rc_slurm/down" ] || rc_wait=0.2
    flock -w "$rc_wait" "$rc_slurm/lock" true || rc_down='it has not answered yet'
  fi
  rc_read "$rc_slurm/down"
  [ -z "$rc_got" ] || rc_down=${rc_got#* }
  [ -f "$rc_slurm/queue" ] || { rc_down=${rc_down:-it has not answered yet}; return; }
  rc_slurp "$rc_slurm/queue"
  rc_jobs=$rc_nl$rc_got
}

rc_is_fresh() {
  [ -f "$rc_slurm/queue" ] || return 1
  rc_read "$rc_slurm/queue"
  rc_every=${RC_SQUEUE_EVERY:-30} rc_soon=${RC_SQUEUE_SOON:-5}
  if [ "$rc_slurm/event" -nt "$rc_slurm/queue" ]; then rc_every=$rc_soon; fi
  [ "$rc_every" -ge $((rc_got * 5)) ] || rc_every=$((rc_got * 5))
  [ $(($(date +%s) - $(stat -c %Y -- "$rc_slurm/queue"))) -lt "$rc_every" ]
}

# The state a run wrote down itself, or $2. It may have ended since its exit file was looked for, and the two files may
# reach this machine in another order: only with its exit file it is an end.
rc_stage() {
  rc_read "$1/state"
  rc_state=${rc_got:-$2}
  [ "$rc_state" != "done" ] || rc_exit "$1" || rc_state=finishing
}

# An end is one only with its whole log: a network disk may show the exit file before the log's last bytes. To open a
# file makes it look again.
rc_whole() {
  { true <"$1/log"; } 2>/dev/null || return 0
  rc_read "$1/log-size"
  [ -n "$rc_got" ] && [ "$(stat -Lc %s -- "$1/log")" -lt "$rc_got" ] || return 0
  [ $(($(rc_now) - ${rc_end:-0})) -ge "${RC_GONE:-60}" ] || rc_state=finishing rc_code='' rc_reason='' rc_end=''
}

# How run folder $1 stands.
rc_cluster() {
  [ -n "$rc_jobs" ] || rc_ask
  { true <"$1/log"; } 2>/dev/null || :
  # Received, and not in the queue yet as far as is known here.
  rc_job_of "$1" || { rc_state=absent; return; }
  # With the name, because a controller that lost its state gives the same ids again.
  rc_read "$1/group"
  rc_key="$rc_nl$rc_job rc-${rc_got%% *} " rc_word='' rc_said=''
  case $rc_jobs in
    *"$rc_key"*)
      rc_got=${rc_jobs#*"$rc_key"}
      rc_said=${rc_got%%"$rc_nl"*}
      rc_word=${rc_said%% *} rc_said=${rc_said#* }
      ;;
  esac
  if [ ! -f "$rc_slurm/queue" ] || [ "$1/job" -nt "$rc_slurm/queue" ] || [ "$1/begun" -nt "$rc_slurm/queue" ]; then
    # What came or began after the question is not in the answer.
    rc_stage "$1" waiting
  else
    case $rc_word in
      PENDING | CONFIGURING | REQUEUED | REQUEUE_HOLD | REQUEUE_FED | RESV_DEL_HOLD | SPECIAL_EXIT) rc_pending "$1" ;;
      RUNNING | COMPLETING | STAGE_OUT | STOPPED | SIGNALING | RESIZING | SUSPENDED) rc_going "$1" ;;
      *) if [ -n "$rc_down" ] && [ -z "$rc_word" ]; then rc_stage "$1" waiting; else rc_gone "$1"; fi ;;
    esac
  fi
  case $rc_state in
    "done" | lost) ;;
    *) [ -z "$rc_down" ] || { rc_reason=down rc_why=$rc_down; } ;;
  esac
}

rc_pending() {
  rm -f -- "$1/gone" "$1/lost"
  rc_state=waiting rc_reason=queue rc_place=${rc_said%% *} rc_why=${rc_said#* }
  [ ! -e "$1/begun" ] || rc_reason=requeued
  rc_read "$1/spec/start_before"
  if [ -e "$1/cancel" ]; then
    rc_retell "$1"
  elif [ "${rc_got:-0}" -gt 0 ] && [ "$(rc_now)" -gt "$rc_got" ]; then
    true >"$1/expired"
    rc_retell "$1"
  fi
}

rc_going() {
  rm -f -- "$1/gone" "$1/lost"
  rc_stage "$1" preparing
  [ "$rc_state" != "done" ] || return 0
  case $rc_word in COMPLETING | SUSPENDED | STOPPED) rc_reason=queue rc_why=$rc_word ;; esac
  [ ! -e "$1/cancel" ] || rc_retell "$1"
}

# Tells Slurm again what cancel.sh told it: it may not have heard.
rc_retell() {
  [ -z "$rc_down" ] && ! [ "$1/told" -nt "$rc_slurm/queue" ] || return 0
  true >"$1/told"
  rc_scancel "$rc_job" </dev/null >/dev/null 2>&1 &
  rc_note_event
}

# Ends run folder $1 by Slurm's evidence: code $2, word $3, why $4.
rc_close() {
  rm -rf -- "${1:?}/secrets"
  rc_put "$1/why" "$4"
  rc_put "$1/exit" "$2 $3 $(rc_now)"
  rc_exit "$1"
}

# The queue does not have it any more, or has it as ended: only our own exit file tells how. It may reach this machine
# a little later than the queue's answer. Opening the folder makes a network disk look again.
rc_gone() {
  ls -f -- "$1" >/dev/null 2>&1 || :
  if rc_exit "$1"; then return; fi
  rc_read "$1/lost"
  if [ -n "$rc_got" ]; then
    rc_state=lost rc_reason=slurm rc_why=$rc_got
    return
  fi
  rc_read "$1/gone"
  rc_gone=$rc_got
  [ -n "$rc_gone" ] || { rc_gone=$(rc_now); rc_put "$1/gone" "$rc_gone"; }
  # What we asked for is not waited for.
  if [ -e "$1/cancel" ] && { [ ! -e "$1/begun" ] || [ "$rc_word" = CANCELLED ]; }; then
    rc_close "$1" 130 cancelled 'Cancelled.'
    return
  elif [ -e "$1/expired" ] && [ ! -e "$1/cancel" ]; then
    rc_close "$1" 125 expired 'Slurm did not start it before its time to start had passed.'
    return
  fi
  if [ $(($(rc_now) - rc_gone)) -lt "${RC_GONE:-60}" ] || ! [ "$rc_slurm/queue" -nt "$1/gone" ]; then
    rc_stage "$1" waiting
    return
  fi
  rc_verdict "$1"
}

# What Slurm says of an ended job in rc_word and rc_said: the queue for a few minutes, then scontrol, then accounting.
rc_ask_end() {
  case $rc_word in '' | CANCELLED) ;; *) return ;; esac
  if [ -z "$rc_word" ]; then
    rc_got=$(timeout 5 scontrol show job -o "$rc_job" 2>/dev/null </dev/null | head -n 1)
    case $rc_got in *' JobState='*) rc_word=${rc_got#*' JobState='} rc_word=${rc_word%% *} ;; esac
  fi
  case $rc_word in '' | CANCELLED) ;; *) return ;; esac
  [ -z "$rc_no_sacct" ] || return
  rc_got=$(timeout 5 sacct -X -n -P -j "$rc_job" -o State 2>/dev/null </dev/null | tail -n 1) || rc_no_sacct=1
  [ -z "$rc_got" ] || rc_word=${rc_got%% *} rc_said=${rc_got#* }
}
rc_no_sacct=

rc_verdict() {
  rc_ask_end
  if [ -e "$1/cancel" ]; then
    rc_close "$1" 130 cancelled 'Cancelled.'
    return
  fi
  case $rc_word in
    TIMEOUT | DEADLINE) rc_close "$1" 124 timeout 'Slurm stopped the job at its time limit (time of this box in boxes.yaml, or the limit of the partition).' ;;
    OUT_OF_MEMORY) rc_close "$1" 137 out-of-memory 'Slurm stopped the job because it used more memory than it was given (--mem under options of this box in boxes.yaml).' ;;
    CANCELLED)
      case $rc_said in by\ *) rc_said=" $rc_said" ;; *) rc_said= ;; esac
      rc_close "$1" 130 cancelled "Cancelled in Slurm$rc_said, not by Research Copilot."
      ;;
    *)
      rm -rf -- "${1:?}/secrets"
      rc_word=${rc_word:-GONE}
      [ -e "$1/begun" ] || rc_word="$rc_word unbegun"
      rc_put "$1/lost" "$rc_word"
      rc_state=lost rc_reason=slurm rc_why=$rc_word
      ;;
  esac
}
