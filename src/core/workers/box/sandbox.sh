# What keeps a command to its own folder. A sandbox is used only after a real try on this box. Working folder: the run's,
# except for rc_sandbox_works, which needs none.
# shellcheck shell=sh disable=SC2154

# bwrap shows the box read-only and hides what is not the run's: the home folder, this tool's root and lock folder, the
# temporary folders, and the sockets in /run through which one could ask somebody outside. Processes get a number space
# of their own, which ends with them. The network stays.

# Whether path $1 is below one of the hidden places.
rc_hidden() {
  for rc_place in "$rc_home" /home /root /tmp /var/tmp /run "$rc_real_root" "$rc_real_locks"; do
    case $1 in "$rc_place"/* | "$rc_place") return 0 ;; esac
  done
  return 1
}

rc_arg() { printf '%s\0' "$@"; }

# Shows path $1 read-only where it would be hidden.
rc_show() {
  rc_path=$(realpath -e -- "$1" 2>/dev/null) || return 0
  # shellcheck disable=SC2015
  case $rc_path in / | "$rc_home" | "$rc_real_root" | /tmp | /home | /root | /run | /var/tmp) return 0 ;; esac
  # Never what holds the things to hide.
  case $rc_real_root/ in "$rc_path"/*) return 0 ;; esac
  case $rc_home/ in "$rc_path"/*) return 0 ;; esac
  ! rc_hidden "$rc_path" || rc_arg --ro-bind "$rc_path" "$rc_path"
}

# The folders of PATH, and the whole installation where one looks like a Python's.
rc_show_programs() {
  rc_rest=$PATH:
  while [ -n "$rc_rest" ]; do
    rc_entry=${rc_rest%%:*} rc_rest=${rc_rest#*:}
    case $rc_entry in /*) ;; *) continue ;; esac
    rc_hidden "$(realpath -m -- "$rc_entry")" || continue
    rc_show "$rc_entry"
    rc_above=${rc_entry%/*}
    case $rc_above in "$HOME" | "$HOME/.local" | "$HOME/.cargo" | '') continue ;; esac
    if [ -d "$rc_above/lib" ] || [ -d "$rc_above/versions" ] || [ -d "$rc_above/conda-meta" ]; then rc_show "$rc_above"; fi
  done
  # pip install --user, and what uv keeps.
  for rc_entry in "$HOME/.local/lib" "$HOME/.local/share/uv" "$HOME/.condarc" "$HOME/.config/uv" "$HOME/.config/pip"; do rc_show "$rc_entry"; done
}

# Shows cache folder $1 so that it can be written. It is made where it is missing, or each run would fetch anew.
rc_open_cache() {
  mkdir -p -- "$1" 2>/dev/null && rc_path=$(realpath -e -- "$1") || return 0
  rc_arg --bind "$rc_path" "$rc_path"
}

# The arguments of bwrap for a command that is $1 (setup, run, evaluate, try) in folder $2, each closed by a zero byte.
rc_bwrap_args() {
  rc_arg --unshare-pid --die-with-parent --cap-drop ALL --ro-bind / / --dev /dev --ro-bind /sys /sys --proc /proc
  for rc_entry in /dev/nvidia* /dev/dxg /dev/kfd /dev/dri /dev/infiniband; do
    [ ! -e "$rc_entry" ] || rc_arg --dev-bind "$rc_entry" "$rc_entry"
  done
  rc_arg --tmpfs /run
  for rc_entry in /run/systemd/resolve /run/resolvconf /run/current-system /run/opengl-driver /run/NetworkManager/resolv.conf; do
    [ ! -e "$rc_entry" ] || rc_arg --ro-bind "$rc_entry" "$rc_entry"
  done
  for rc_entry in /home /root; do [ ! -d "$rc_entry" ] || rc_arg --tmpfs "$rc_entry"; done
  # On disk and not in memory: what a run keeps there is counted with its folder, and goes with it.
  rc_arg --bind "$3/tmp" /tmp --bind "$3/tmp" /var/tmp
  [ "$rc_home" = / ] || rc_arg --bind "$3/home" "$rc_home"
  for rc_entry in "$rc_real_root" "$rc_real_locks"; do
    [ ! -d "$rc_entry" ] || rc_arg --tmpfs "$rc_entry"
  done
  rc_show_programs
  rc_rest=${RC_SANDBOX_SHOW:-}:
  while [ -n "$rc_rest" ]; do
    rc_entry=${rc_rest%%:*} rc_rest=${rc_rest#*:}
    [ -z "$rc_entry" ] || rc_show "$rc_entry"
  done
  [ "$1" != try ] || return 0
  # Models and data sets are fetched once per account; packages only ever by setup.
  for rc_entry in "${HF_HOME:-$HOME/.cache/huggingface}" "${TORCH_HOME:-$HOME/.cache/torch}"; do rc_open_cache "$rc_entry"; done
  if [ "$1" = setup ]; then
    for rc_entry in "${UV_CACHE_DIR:-$HOME/.cache/uv}" "${PIP_CACHE_DIR:-$HOME/.cache/pip}" "$HOME/.local/share/uv"; do rc_open_cache "$rc_entry"; done
  fi
  while IFS='	' read -r _ rc_target; do rc_show "$rc_target"; done <spec/links
  if [ -n "$rc_env_dir" ]; then
    if [ "$1" = setup ]; then rc_arg --bind "$rc_env_dir" "$rc_env_dir"; else rc_arg --ro-bind "$rc_env_dir" "$rc_env_dir"; fi
  fi
  [ "$1" != evaluate ] || rc_arg --ro-bind "$rc_dir/code" "$rc_dir/code"
  rc_arg --bind "$rc_dir/$2" "$rc_dir/$2"
  while read -r _ rc_path; do
    [ ! -f "$rc_dir/$2/$rc_path" ] || rc_arg --ro-bind "$rc_dir/$2/$rc_path" "$rc_dir/$2/$rc_path"
  done <spec/inputs
  rc_arg --chdir "$rc_dir/$2"
}

# The real places of what is hidden: a link to them leads nowhere else.
rc_places() {
  rc_home=$(realpath -m -- "${HOME:-/}")
  rc_real_root=$(realpath -m -- "$rc_root")
  rc_real_locks=$(realpath -m -- "$rc_locks")
}

# Closes every descriptor but 0 to 3 and becomes the rest. A folder's descriptor, such as a slot's lock, would lead out
# of the sandbox. bash, because dash has no name for the tenth and later ones.
rc_bare='for rc_fd in /proc/self/fd/*; do rc_fd=${rc_fd##*/}; [ "$rc_fd" -le 3 ] || eval "exec $rc_fd<&-"; done; exec "$@"'

# The first process in the sandbox: it lets the command and what it started end in their own time, as they may outside,
# because the sandbox ends with this one. Asked to stop, it waits for all of them; else as long as RC_LINGER.
rc_first='
rc_told= rc_tries=0 rc_linger=$2
trap "rc_told=1" TERM INT
trap : HUP
/bin/sh -c "$1" sh &
rc_child=$!
while :; do
  wait "$rc_child"
  rc_code=$?
  [ "$rc_code" -gt 128 ] && kill -0 "$rc_child" 2>/dev/null || break
done
# Number 1 is bwrap itself, 2 is this shell.
while set -- /proc/[0-9]*; [ "$#" -gt 2 ]; do
  [ -n "$rc_told" ] || [ "$rc_tries" -lt "$((rc_linger * 10))" ] || break
  rc_tries=$((rc_tries + 1))
  sleep 0.1
done
exit "$rc_code"'

# The command in a container, with the environment folder of the run first on the image's own PATH.
rc_inner='PATH="${RESEARCH_ENV:+$RESEARCH_ENV/bin:}$PATH"; export PATH; exec /bin/sh -c "$1" sh'

# Whether sandbox $1 works here (with image $2, where it needs one), by a try. Leaves the reason in rc_refusal.
rc_sandbox_works() {
  rc_refusal=
  case $1 in
    bwrap)
      command -v bwrap >/dev/null 2>&1 || { rc_refusal='bwrap is not installed (package bubblewrap)'; return 1; }
      command -v bash >/dev/null 2>&1 || { rc_refusal='bwrap needs bash on the box'; return 1; }
      rc_places
      rc_try=$rc_root/.try.$$
      mkdir -p -- "$rc_try/tmp" "$rc_try/home" && rc_try=$(realpath -e -- "$rc_try") || { rc_refusal='no room to try it'; return 1; }
      true >"$rc_try/secret"
      rc_env_dir='' rc_bwrap_args try . "$rc_try" >"$rc_try/args"
      # It must hide the root, and leave what it shows unwritable.
      # shellcheck disable=SC2016
      rc_refusal=$(bash -c "$rc_bare" bash bwrap --args 3 /bin/sh -c '[ ! -e "$1/secret" ] && [ ! -w /etc ] && echo works' sh "$rc_try" \
        3<"$rc_try/args" </dev/null 2>&1)
      rm -rf -- "$rc_try"
      [ "$rc_refusal" = works ] || {
        rc_refusal="bwrap does not work here: $(printf '%s' "${rc_refusal:-it hides nothing}" | head -n 1)"
        return 1
      }
      rc_refusal=
      ;;
    docker)
      command -v docker >/dev/null 2>&1 || { rc_refusal='docker is not installed'; return 1; }
      [ -n "$2" ] || { rc_refusal='docker needs sandbox_image'; return 1; }
      rc_refusal=$(timeout 600 docker run --rm --network none --entrypoint /bin/sh "$2" -c 'echo works' 2>&1 </dev/null | tail -n 1)
      [ "$rc_refusal" = works ] || { rc_refusal="docker does not work here: $rc_refusal"; return 1; }
      rc_refusal=
      ;;
    apptainer)
      command -v apptainer >/dev/null 2>&1 || { rc_refusal='apptainer is not installed'; return 1; }
      [ -n "$2" ] || { rc_refusal='apptainer needs sandbox_image'; return 1; }
      rc_refusal=$(timeout 600 apptainer exec --containall "$2" /bin/sh -c 'echo works' 2>&1 </dev/null | tail -n 1)
      [ "$rc_refusal" = works ] || { rc_refusal="apptainer does not work here: $rc_refusal"; return 1; }
      rc_refusal=
      ;;
    *) return 1 ;;
  esac
}

# docker counts for `auto` only where it is rootless: who may talk to the other one is root.
rc_docker_rootless() {
  timeout 10 docker info --format '{{.SecurityOptions}}' 2>/dev/null | grep -q rootless
}

# What `sandbox: $1` comes to on this box, in rc_sandbox; with image $2. Fails where what was named does not work.
rc_choose_sandbox() {
  rc_refusal='' rc_sandbox=none
  rc_asked=$1
  [ "$1" != auto ] || rc_asked=${RC_SANDBOX:-auto}
  case $rc_asked in
    none | '') ;;
    auto)
      for rc_asked in bwrap apptainer docker; do
        if [ "$rc_asked" != bwrap ] && [ -z "$2" ]; then continue; fi
        if [ "$rc_asked" = docker ] && ! rc_docker_rootless; then continue; fi
        if rc_sandbox_works "$rc_asked" "$2"; then
          rc_sandbox=$rc_asked
          return 0
        fi
      done
      ;;
    *)
      rc_sandbox_works "$rc_asked" "$2" || return 1
      rc_sandbox=$rc_asked
      ;;
  esac
}

# Becomes command $3, which is what $1 says, in folder $2 (a name in the run's), in the sandbox. With the command's own
# environment; secrets cross by it and never by an argument.
rc_enter() {
  case $rc_sandbox in
    bwrap)
      rc_places
      mkdir -p -- "$rc_dir/tmp" "$rc_dir/home"
      (cd -- "$rc_dir" && rc_bwrap_args "$1" "$2" "$rc_dir") >"$rc_dir/sandbox.args" || exit 126
      unset SSH_AUTH_SOCK XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS TMUX
      exec setsid bash -c "$rc_bare" bash bwrap --args 3 /bin/sh -c "$rc_first" sh "$3" "$rc_linger" 3<"$rc_dir/sandbox.args"
      ;;
    docker)
      set -- "$1" "$2" "$3" run --rm --init --network host --ipc private --shm-size 8g --read-only --tmpfs /tmp:exec --env HOME=/tmp --user "$(id -u):$(id -g)" \
        --cap-drop ALL --security-opt no-new-privileges --name "rc-$rc_run-$1" --entrypoint /bin/sh --workdir "$rc_dir/$2" --volume "$rc_dir/$2:$rc_dir/$2"
      [ -z "$rc_gpu_uuids" ] || set -- "$@" --gpus "\"device=$rc_gpu_uuids\""
      if [ -n "$rc_env_dir" ]; then
        if [ "$1" = setup ]; then set -- "$@" --volume "$rc_env_dir:$rc_env_dir"; else set -- "$@" --volume "$rc_env_dir:$rc_env_dir:ro"; fi
      fi
      while IFS='	' read -r _ rc_target <&4; do set -- "$@" --volume "$rc_target:$rc_target:ro"; done 4<"$rc_dir/spec/links"
      while read -r _ rc_path <&4; do set -- "$@" --volume "$rc_dir/$2/$rc_path:$rc_dir/$2/$rc_path:ro"; done 4<"$rc_dir/spec/inputs"
      # Its GPUs are all there is in there, counted from 0.
      [ -z "$rc_gpu_uuids" ] || unset CUDA_VISIBLE_DEVICES
      for rc_name in $(rc_names_of_run); do set -- "$@" --env "$rc_name"; done
      rc_what=$3
      shift 3
      exec setsid docker "$@" "$rc_image" -c "$rc_inner" sh "$rc_what"
      ;;
    apptainer)
      set -- "$1" "$2" "$3" exec --containall --no-home --pwd "$rc_dir/$2" --bind "$rc_dir/$2:$rc_dir/$2"
      [ -z "$rc_gpu_indices" ] || set -- "$@" --nv
      if [ -n "$rc_env_dir" ]; then
        if [ "$1" = setup ]; then set -- "$@" --bind "$rc_env_dir:$rc_env_dir"; else set -- "$@" --bind "$rc_env_dir:$rc_env_dir:ro"; fi
      fi
      while IFS='	' read -r _ rc_target <&4; do set -- "$@" --bind "$rc_target:$rc_target:ro"; done 4<"$rc_dir/spec/links"
      while read -r _ rc_path <&4; do set -- "$@" --bind "$rc_dir/$2/$rc_path:$rc_dir/$2/$rc_path:ro"; done 4<"$rc_dir/spec/inputs"
      for rc_name in $(rc_names_of_run); do
        eval "export APPTAINERENV_$rc_name=\"\${$rc_name-}\""
      done
      rc_what=$3
      shift 3
      exec setsid apptainer "$@" "$rc_image" /bin/sh -c "$rc_inner" sh "$rc_what"
      ;;
    *) exec setsid /bin/sh -c "$3" sh ;;
  esac
}

# The variables that a container gets: the run's own, the secrets, and ours. Nothing else of this environment means
# anything in an image.
rc_names_of_run() {
  echo PYTHONUNBUFFERED OMP_NUM_THREADS MKL_NUM_THREADS OPENBLAS_NUM_THREADS RUN_ID CUDA_DEVICE_ORDER
  [ -z "${CUDA_VISIBLE_DEVICES+x}" ] || echo CUDA_VISIBLE_DEVICES
  [ -z "$rc_env_dir" ] || echo RESEARCH_ENV UV_PROJECT_ENVIRONMENT VIRTUAL_ENV
  for rc_file in "$rc_dir"/spec/env/*; do [ ! -f "$rc_file" ] || echo "${rc_file##*/}"; done
  if [ -f "$rc_dir/spec/secret_names" ]; then cat "$rc_dir/spec/secret_names"; fi
}

# A container lives outside the tree of the run's processes; nothing of it stays.
rc_leave_sandbox() {
  rm -f sandbox.args
  [ "$rc_sandbox" = docker ] || return 0
  for rc_name in setup run evaluate; do docker rm -f "rc-$rc_run-$rc_name" >/dev/null 2>&1 || :; done
}
