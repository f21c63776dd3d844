# The second half of a run's owner: it holds its slots' locks. Checks the code out, builds the environment, runs the
# command, sweeps its whole tree, checks the protected files, evaluates. $1 root, $2 run.
# shellcheck disable=SC2154
rc_root=$1 rc_run=$2
. "${0%/*}/lib.sh"
. "$rc_bin/end.sh"
. "$rc_bin/inputs.sh"
# The turn is free with this: nothing else has the descriptor.
exec 8<&-
cd -- "$rc_root/runs/$rc_run" || exit 1
rc_dir=$PWD
rc_read spec/commit
rc_commit=$rc_got
rc_read spec/repo
rc_repo_dir=$rc_root/repo/$rc_got.git
rc_grace=${RC_GRACE:-15} rc_linger=${RC_LINGER:-5}
rc_child='' rc_tick='' rc_told=''
trap : USR1
trap '' HUP
trap 'rc_told=1' TERM INT
rc_put state preparing

rc_no_disk() {
  rc_free
  [ "$rc_free" -lt 1048576 ] || return 0
  rc_end "$1" disk-full "The disk of $rc_root is full ($rc_free bytes free). Free space there, or set root of this box to another folder."
}

# Runs command file $1 in folder $2, then says state $3; at most $4 seconds, else the timeout of the run. Sets
# rc_status and rc_why (cancelled, timeout, killed).
rc_do() {
  rc_read spec/timeout
  rc_why='' rc_until='' rc_begin=$(rc_now) rc_limit=${4:-$rc_got}
  (
    cd -- "$2" || exit 126
    # Set only where nothing else gave one.
    export PYTHONUNBUFFERED=1 OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" RUN_ID="$rc_run"
    PATH=$PATH:$rc_login_path
    if [ -n "$rc_env_dir" ]; then
      export RESEARCH_ENV="$rc_env_dir" UV_PROJECT_ENVIRONMENT="$rc_env_dir" VIRTUAL_ENV="$rc_env_dir"
      PATH=$rc_env_dir/bin:$PATH
    fi
    export PATH
    for rc_file in "$rc_dir"/spec/env/*; do
      [ -f "$rc_file" ] || continue
      rc_slurp "$rc_file"
      # shellcheck disable=SC2163
      export "${rc_file##*/}=$rc_got"
    done
    export RUN_ID="$rc_run"
    rc_indices=
    while read -r rc_name rc_index _; do
      case $rc_name in gpu-*) rc_indices=$rc_indices,$rc_index ;; esac
    done <"$rc_dir/gpus"
    # By index: device names in this variable break some trainers. A run that asked for no GPU sees none.
    export CUDA_DEVICE_ORDER=PCI_BUS_ID CUDA_VISIBLE_DEVICES="${rc_indices#,}"
    rc_slurp "$rc_dir/$1"
    exec setsid /bin/sh -c "$rc_got" sh </dev/null >>"$rc_dir/log" 2>&1 9>&-
  ) &
  rc_child=$!
  rc_put started "$rc_begin"
  rc_main=$$
  (
    trap '[ -z "$rc_nap" ] || kill "$rc_nap"; exit 0' TERM
    rc_nap=
    while :; do
      sleep 1 &
      rc_nap=$!
      wait "$rc_nap"
      kill -s USR1 "$rc_main" 2>/dev/null || exit 0
    done
  ) 9>&- &
  rc_tick=$!
  while :; do
    rc_obey
    wait "$rc_child"
    rc_status=$?
    [ "$rc_status" -gt 128 ] && kill -0 "$rc_child" 2>/dev/null || break
  done
  rc_stop_ticker
  rc_obey
  if [ -n "$rc_why" ]; then
    rc_sweep "$rc_run" "$rc_child" 0 "$rc_grace"
  else
    rc_put state "${3:-preparing}"
    rc_sweep "$rc_run" "$rc_child" "$rc_linger" "$rc_grace"
  fi
}

rc_obey() {
  if [ -z "$rc_why" ]; then
    if [ -e cancel ]; then rc_why=cancelled
    elif [ -n "$rc_told" ]; then rc_why=killed
    elif [ "$rc_limit" -gt 0 ] && [ $(($(rc_now) - rc_begin)) -ge "$rc_limit" ]; then rc_why=timeout
    fi
    [ -n "$rc_why" ] || return 0
    rc_until=$(($(date +%s) + rc_grace))
    rc_signal TERM "$rc_run" "$rc_child"
  elif [ "$(date +%s)" -ge "$rc_until" ]; then
    rc_signal KILL "$rc_run" "$rc_child"
  fi
}

# Ends the run where its last command was stopped; $1 names the command.
rc_stopped() {
  case $rc_why in
    cancelled) rc_end 130 cancelled "Cancelled during $1." ;;
    killed) rc_end 143 killed "The supervisor was told to stop during $1." ;;
    timeout) rc_end 124 timeout "Stopped after $rc_limit s, the timeout of resources, during $1." ;;
  esac
}

# The code of the run, its inputs and its links, in folder $1.
rc_lay_out() {
  rc_checkout "$1" "$rc_commit" 2>>supervisor || {
    rc_no_disk 74
    rc_end 74 checkout-failed "The commit could not be checked out: $(tail -n 1 supervisor | head -c 300)"
  }
  rc_lay_inputs "$1" spec/inputs || {
    rc_no_disk 74
    rc_end 74 input-missing "The input $rc_got is not on the box, or was changed there by a run. Run it again to ship it anew."
  }
  while IFS='	' read -r rc_path rc_target <&6; do
    [ -e "$rc_target" ] ||
      rc_end 74 link-missing "links: $rc_path points to $rc_target, which does not exist on this box. Put it there, or change links in research.yaml."
    mkdir -p -- "$(dirname -- "$1/$rc_path")" && rm -rf -- "${1:?}/$rc_path" && ln -s -- "$rc_target" "$1/$rc_path" ||
      rc_end 74 link-missing "links: $rc_path could not be made."
  done 6<spec/links
}

rc_protect() {
  rc_bad=$(rc_changed "$rc_dir/code" "$rc_commit") ||
    rc_end 74 protected-changed "The protected files could not be checked $1: the commit is no longer readable on the box."
  [ -z "$rc_bad" ] || rc_end 74 protected-changed "Protected files are not as committed $1: $(echo "$rc_bad" | paste -sd' ' -)"
}

# What a login shell adds to PATH (uv, conda); asked once per box, because it may be slow.
[ -f "$rc_root/login-path" ] || {
  timeout 10 "${SHELL:-/bin/sh}" -lc 'printf "\n%s\n" "$PATH"' </dev/null 2>/dev/null 9>&- | tail -n 1 >login.tmp
  mv -f login.tmp "$rc_root/login-path"
}
rc_read "$rc_root/login-path"
rc_login_path=$rc_got:$HOME/.local/bin
rc_env_dir=

rc_lay_out "$rc_dir/code"
rc_protect 'before the start'

if [ -s spec/setup ]; then
  # Built once per content: the command, and the blobs of its inputs in this commit.
  rc_key=$({ cat spec/setup; uname -m; rc_git ls-tree -r "$rc_commit" | awk -F'\t' '{ print $2 "\t" $1 }' |
    while IFS='	' read -r rc_path rc_blob; do
      ! printf '%s\n' "$rc_path" | LC_ALL=C grep -q -E -x -f spec/setup_inputs || echo "$rc_blob $rc_path"
    done; } | sha256sum | cut -c1-32)
  rc_env_home=$rc_root/env/$rc_key
  mkdir -p -- "$rc_env_home"
  rc_env_dir=$rc_env_home/env
  exec 7>"$rc_env_home/lock"
  until flock -w 1 7; do
    [ ! -e cancel ] || rc_end 130 cancelled 'Cancelled while another run built its environment.'
  done
  if [ ! -e "$rc_env_home/ready" ]; then
    rm -rf -- "$rc_env_dir"
    rc_do spec/setup code preparing 7200 7>&-
    rc_stopped setup
    if [ "$rc_status" -ne 0 ]; then
      rc_no_disk "$rc_status"
      rc_end "$rc_status" setup-failed "setup ended with exit code $rc_status; the log shows what it printed."
    fi
    true >"$rc_env_home/ready"
  fi
  exec 7>&-
fi

rc_put state running
rc_do spec/run code finishing
rc_put state finishing
rc_stopped 'the run'
rc_run_status=$rc_status
rc_protect 'after the end'
if [ "$rc_run_status" -ne 0 ]; then
  rc_no_disk "$rc_run_status"
  case $rc_run_status in
    126 | 127) rc_end "$rc_run_status" command-not-found "The run command could not be started (exit code $rc_run_status); the log's last line names it." ;;
    *) rc_end "$rc_run_status" exited "The command ended with exit code $rc_run_status." ;;
  esac
fi

if [ -s spec/evaluate ]; then
  # Every process of the run is gone; its code is not used again, only the artifacts it left.
  rc_lay_out "$rc_dir/eval"
  rc_matching code spec/artifacts | while read -r rc_path; do
    [ ! -e "eval/$rc_path" ] || continue
    mkdir -p -- "$(dirname -- "eval/$rc_path")" && { ln -- "code/$rc_path" "eval/$rc_path" || cp -- "code/$rc_path" "eval/$rc_path"; }
  done 2>>supervisor
  rc_do spec/evaluate eval finishing
  rc_stopped evaluate
  if [ "$rc_status" -ne 0 ]; then
    rc_no_disk "$rc_status"
    rc_end "$rc_status" evaluate-failed "evaluate ended with exit code $rc_status; the log shows what it printed."
  fi
fi
rc_end 0 exited ''
