# How a run ends. Wants the run's folder as working folder.
# shellcheck shell=sh disable=SC2154

# Code $1, one word $2, why in a sentence $3. The exit file is written once, by rename, and is the only truth.
rc_end() {
  trap '' TERM INT USR1 HUP
  rc_drop_build
  rm -rf -- eval tmp home code.index eval.index check.index compose.* changed.tmp pack.err pipe over sandbox.args sample.tmp
  rc_stop_ticker
  # Nobody can read of an end any more, and there is nothing to write it to.
  rc_has_folder || exit 0
  if [ -e job ]; then
    # Who told a cluster's job to stop, and whether it will run again, only the cluster knows; its limit it knows itself.
    # Its TERM comes to the run's processes and to its owner at the same moment, and either may be first.
    [ "$2" != exited ] || [ -z "${rc_told:-}" ] || set -- "$1" killed "$3"
    case $2-$(ls limit 2>/dev/null) in
      killed-) rc_put stopped "$(rc_now)"; exit "$1" ;;
      killed-limit) set -- 124 timeout 'Stopped before the time limit of its job in Slurm (time of this box in boxes.yaml).' ;;
    esac
    rm -rf -- secrets
    rc_put log-size "$(stat -Lc %s -- log)" 2>/dev/null || :
  fi
  [ -e exit ] || {
    rc_put why "$(printf '%s' "$3" | tr '\n\t' '  ')" 2>/dev/null || { rm -f reserve; rc_put why "$3"; }
    rc_ended=$(rc_now)
    until rc_put exit "$1 $2 $rc_ended" 2>/dev/null; do
      rc_has_folder || exit 0
      rm -f reserve why.tmp
      sleep 1
    done
  }
  rc_put state "done" 2>/dev/null || :
  rm -f reserve slots
  rc_unqueue "$rc_run"
  exit 0
}

# An environment that was not built to its end leaves nothing. Its log stays in this run's folder.
rc_drop_build() {
  [ -z "${rc_building:-}" ] || rm -rf -- "$rc_building/env" "$rc_building/setup.log" "$rc_building/ready"
  rc_building=
}

# A signal that comes before the ticker has set its trap is lost in dash, so it is sent until it is gone.
rc_stop_ticker() {
  while [ -n "$rc_tick" ] && rc_start_of "$rc_tick"; do
    kill "$rc_tick" 2>/dev/null || break
    sleep 0.01
  done
  rc_tick=
}
