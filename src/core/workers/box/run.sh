# The second half of a run's owner: it holds its slots' locks. Checks the code out, builds the environment, runs the
# command, sweeps its whole tree, checks the protected files, evaluates. $1 root, $2 run, $3 `locked` where the slots are
# ours and not a cluster's.
# shellcheck disable=SC2154
rc_root=$1 rc_run=$2
. "${0%/*}/lib.sh"
. "$rc_bin/end.sh"
. "$rc_bin/inputs.sh"
. "$rc_bin/locks.sh"
. "$rc_bin/spare.sh"
. "$rc_bin/code.sh"
. "$rc_bin/sandbox.sh"
. "$rc_bin/do.sh"
# The turn is free with this: nothing else has the descriptor. The others kept low numbers from the slots' locks.
exec 8<&- 3<&- 4<&- 5<&- 6<&- 7<&-
cd -- "$rc_root/runs/$rc_run" || exit 1
rc_dir=$(pwd -P)
rc_read spec/commit
rc_commit=$rc_got
rc_read spec/repo
rc_repo_dir=$rc_root/repo/$rc_got.git
rc_grace=${RC_GRACE:-15} rc_linger=${RC_LINGER:-5}
rc_child='' rc_tick='' rc_told='' rc_building='' rc_env_dir='' rc_env_home='' rc_sandbox=none
trap : USR1
trap '' HUP
trap 'rc_told=1' TERM INT
rc_put state preparing

rc_no_disk() {
  rc_free
  [ "$rc_free" -lt 1048576 ] || return 0
  rc_end "$1" disk-full "The disk of $rc_root is full ($rc_free bytes free). Free space there, or set root of this box to another folder."
}

rc_slot_names='' rc_gpu_indices='' rc_gpu_uuids=''
while read -r rc_name rc_index rc_uuid; do
  rc_slot_names="$rc_slot_names $rc_name"
  case $rc_name in gpu-*) rc_gpu_indices=$rc_gpu_indices,$rc_index rc_gpu_uuids=$rc_gpu_uuids,$rc_uuid ;; esac
done <gpus
rc_gpu_indices=${rc_gpu_indices#,} rc_gpu_uuids=${rc_gpu_uuids#,}
if [ "${3:-}" = locked ]; then
  # shellcheck disable=SC2086
  rc_hold_locks $rc_slot_names ||
    rc_end 125 locks-unsafe "Somebody put other folders into the lock folder $rc_locks while the run waited. See who owns them, or set RC_LOCKS in $rc_root/box.env."
fi

# What a login shell adds to PATH (uv, conda); asked once per box, because it may be slow.
[ -f "$rc_root/login-path" ] || {
  timeout 10 "${SHELL:-/bin/sh}" -lc 'printf "\n%s\n" "$PATH"' </dev/null 2>/dev/null 9>&- | tail -n 1 >login.tmp
  mv -f login.tmp "$rc_root/login-path"
}
rc_read "$rc_root/login-path"
rc_login_path=$rc_got:$HOME/.local/bin
rc_count_threads

rc_read spec/sandbox_image
rc_image=$rc_got
rc_read spec/sandbox
rc_wish=${rc_got:-none}
rc_choose_sandbox "$rc_wish" "$rc_image" ||
  rc_end 78 sandbox-unusable "sandbox: $rc_wish of this box cannot be used, so the run was not started: $rc_refusal. Install or mend it on the box, or set sandbox of this box to auto or none in boxes.yaml."
rc_put sandbox "$rc_sandbox"

rc_compose 2>>supervisor && rc_git cat-file -e "$rc_tree" 2>>supervisor ||
  rc_end 74 checkout-failed "The commit, or the base whose protected files it takes, is not whole on the box: $(tail -n 1 supervisor | head -c 300)"
rc_lay_out "$rc_dir/code"
rc_protect 'before the start'
rc_input_bytes=0
while read -r rc_sum _; do
  rc_input_bytes=$((rc_input_bytes + $(stat -c %s -- "$rc_root/inputs/$rc_sum" 2>/dev/null || echo 0)))
done <spec/inputs

# What makes an environment another one: the command, the blobs of its inputs in this commit, the machine, its C
# library, the Python there, and the image it is built in.
rc_env_key() {
  {
    cat spec/setup
    echo
    uname -sm
    getconf GNU_LIBC_VERSION 2>/dev/null
    PATH=$rc_plain_path:$rc_login_path python3 --version 2>&1
    case $rc_sandbox in docker | apptainer) echo "$rc_sandbox $rc_image" ;; esac
    rc_git ls-tree -r "$rc_tree" | awk -F'\t' '{ print $2 "\t" $1 }' | while IFS='	' read -r rc_path rc_blob; do
      ! printf '%s\n' "$rc_path" | LC_ALL=C grep -q -E -x -f spec/setup_inputs || echo "$rc_blob $rc_path"
    done
  } | sha256sum | cut -c1-32
}

# The log of the environment, in this run's folder, too: the same file, so that it grows in all of them.
rc_show_setup_log() { [ ! -f "$rc_env_home/setup.log" ] || ln -f -- "$rc_env_home/setup.log" setup.log 2>/dev/null || :; }

if [ -s spec/setup ]; then
  rc_env_home=$rc_root/env/$(rc_env_key)
  mkdir -p -- "$rc_env_home"
  rc_env_home=$(realpath -- "$rc_env_home")
  rc_env_dir=$rc_env_home/env
  rc_put environment "$rc_env_dir"
  exec 7>"$rc_env_home/lock"
  until flock -w 1 7; do
    rc_show_setup_log
    [ ! -e cancel ] || rc_end 130 cancelled 'Cancelled while another run built its environment.'
    [ -z "$rc_told" ] || rc_end 143 killed 'The supervisor was told to stop while another run built its environment.'
  done
  if [ ! -e "$rc_env_home/ready" ]; then
    rc_building=$rc_env_home
    rm -rf -- "$rc_env_dir" "$rc_env_home/setup.log"
    mkdir -p -- "$rc_env_dir" && true >"$rc_env_home/setup.log" || { rc_no_disk 74; rc_end 74 setup-failed "The folder $rc_env_dir cannot be made."; }
    # uv takes an empty folder for its own, conda does not.
    [ "$rc_sandbox" != none ] || rmdir -- "$rc_env_dir"
    rc_show_setup_log
    rc_do setup spec/setup code "$rc_env_home/setup.log" preparing 7200 7>&-
    rc_stopped setup
    if [ "$rc_status" -ne 0 ]; then
      rc_no_disk "$rc_status"
      rc_end "$rc_status" setup-failed "setup ended with exit code $rc_status; its log shows what it printed."
    fi
    true >"$rc_env_home/ready" || { rc_no_disk 74; rc_end 74 setup-failed "The folder $rc_env_home cannot be written."; }
    rc_building=
  else
    rc_show_setup_log
    # Which one was used last tells what can be cleaned up.
    touch -c -- "$rc_env_home/ready"
  fi
  exec 7>&-
fi

rc_orders=$(rc_spec_sum)
rc_put state running
rc_do run spec/run code "$rc_dir/log" finishing
rc_put state finishing
# shellcheck disable=SC2086
[ -z "$rc_gpu_uuids" ] || [ -s spec/evaluate ] || rc_note_clean $(echo "$rc_gpu_uuids" | tr ',' ' ')
rc_stopped 'the run'
rc_run_status=$rc_status
[ "$(rc_spec_sum)" = "$rc_orders" ] ||
  rc_end 74 protected-changed 'The run changed the files that tell this box what to run and how to judge it (spec).'
rc_protect 'after the end'
if [ "$rc_run_status" -ne 0 ]; then
  rc_no_disk "$rc_run_status"
  case $rc_run_status in
    126 | 127) rc_end "$rc_run_status" command-not-found "The run command could not be started (exit code $rc_run_status)." ;;
    *) rc_end "$rc_run_status" exited "The command ended with exit code $rc_run_status." ;;
  esac
fi

if [ -s spec/evaluate ]; then
  # Every process of the run is gone; its code is not used again, only the artifacts it left. What else it left in its
  # home and temporary folders is nothing that trusted code should load.
  rm -rf -- tmp home eval
  rc_lay_out "$rc_dir/eval"
  rc_bring_artifacts eval
  rc_put evaluated "$(stat -c %s -- log)"
  rc_do evaluate spec/evaluate eval "$rc_dir/log" finishing
  # shellcheck disable=SC2086
  [ -z "$rc_gpu_uuids" ] || rc_note_clean $(echo "$rc_gpu_uuids" | tr ',' ' ')
  rc_stopped evaluate
  if [ "$rc_status" -ne 0 ]; then
    rc_no_disk "$rc_status"
    rc_end "$rc_status" evaluate-failed "evaluate ended with exit code $rc_status."
  fi
fi
rc_end 0 exited ''
