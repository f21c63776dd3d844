# What the box is and has: `key value` a line, then END. $1 root, $2 `all`, `glance` for what changes by the minute, or
# `clock` for its time alone; $3 sandbox and $4 sandbox_image of boxes.yaml. Nothing here waits longer than its limit:
# what hangs is named and left behind.
rc_root=$1
. "${0%/*}/lib.sh"
# For itself, under a limit, as a run would: does sandbox $3 work; what does `sandbox: $3` come to.
case $2 in
  works | choice)
    . "$rc_bin/sandbox.sh"
    if [ "$2" = works ]; then rc_sandbox_works "$3" "$4" && rc_refusal=works; else rc_choose_sandbox "$3" "$4" && rc_refusal=$rc_sandbox; fi
    printf '%s\n' "$rc_refusal"
    exit 0
    ;;
esac
rc_say() { printf '%s\n' "$1 $(printf '%s' "$2" | head -n 1 | tr '\t\r' '  ')"; }
rc_clock=$("${RC_CLOCK:-date}" +%s%3N)
rc_say clock "$rc_clock"
if [ "$2" = clock ]; then
  echo END
  exit 0
fi
mkdir -p -- "$rc_root"

# Where answers of other programs go: the root itself may be full.
for rc_dir in /dev/shm "${TMPDIR:-/tmp}" "$rc_root"; do
  rc_tmp=$(mktemp -d -- "$rc_dir/rc-probe.XXXXXX" 2>/dev/null) && echo x 2>/dev/null >"$rc_tmp/said" && break
  rc_tmp=
done
# Without any place what programs say is lost, and the rest of the answer is not.
rc_said=${rc_tmp:+$rc_tmp/said}
rc_said=${rc_said:-/dev/null} rc_tmp=${rc_tmp:-/dev/null/none}
trap 'rm -rf -- "$rc_tmp"' EXIT
trap 'exit 1' HUP INT PIPE TERM

# Runs a command for at most $1 seconds: its words in rc_said, its status in rc_status, 124 where it hangs. Twice timeout,
# because one waits for ever for a process that the kernel cannot end, as those of a stuck GPU are.
rc_limited() {
  rc_limit=$1
  shift
  timeout -k 1 $((rc_limit + 2)) timeout -k 1 "$rc_limit" "$@" >"$rc_said" 2>&1 </dev/null
  rc_status=$?
  [ "$rc_status" -ne 137 ] || rc_status=124
}

rc_free
rc_say free "$rc_free"
rc_say disk "$(df -PT -- "$rc_root" 2>/dev/null | awk 'NR == 2 { print $2 }')"
rc_say disk-magic "$(stat -f -c %T -- "$rc_root" 2>/dev/null)"
rc_say cpu "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)"
rc_say machine "$(uname -m)"

# All that a person cannot change by the minute, for sandbox $1 and sandbox_image $2.
rc_look() {
  # What runs find besides: the PATH of a login shell (uv, conda), then ~/.local/bin.
  rc_limited "${RC_LOGIN_SECONDS:-10}" "${SHELL:-/bin/sh}" -lc 'printf "\n%s\n" "$PATH"'
  if [ "$rc_status" -eq 124 ]; then
    rc_say login hangs
  else
    rc_login=$(tail -n 1 "$rc_said")
    case $rc_login in /*) rc_put "$rc_root/login-path" "$rc_login" ;; *) rc_login= ;; esac
    [ -z "$rc_login" ] || PATH=$rc_plain_path:$rc_login
  fi
  PATH=$PATH:$HOME/.local/bin
  for rc_tool in git flock setsid python3 uv tar timeout sha256sum awk bwrap docker apptainer sbatch; do
    rc_via=plain
    if ! (PATH=$rc_plain_path && command -v "$rc_tool") >/dev/null 2>&1; then
      rc_via=login
      command -v "$rc_tool" >/dev/null 2>&1 || continue
    fi
    : >"$rc_said"
    case $rc_tool in git | python3 | uv | flock | timeout) rc_limited 5 "$rc_tool" --version ;; esac
    rc_say "tool $rc_tool $rc_via" "$(cat "$rc_said")"
  done

  rc_try=$rc_root/.probe.$$
  if true >"$rc_try"; then
    rc_limited 5 flock -n -F "$rc_try" true
    [ "$rc_status" -ne 0 ] || rc_say flock-exec yes
    rc_limited 5 flock -n "$rc_try" true
    [ "$rc_status" -ne 0 ] || rc_say flock-works yes
    rm -f -- "$rc_try"
  fi
  . "$rc_bin/locks.sh"
  rc_say locks-at "$rc_locks"
  if rc_lock_folders && [ -w "$rc_locks" ]; then rc_say locks yes; else rc_say locks-unsafe "$rc_unsafe"; fi

  # Whether logind ends what an account left behind at its last logout.
  rc_me=$(id -un) rc_word=
  if command -v loginctl >/dev/null 2>&1; then
    rc_limited 5 loginctl show-user "$rc_me" -p Linger
    rc_word=$(sed -n 's/^Linger=//p' "$rc_said")
  fi
  [ -n "$rc_word" ] || [ ! -e "/var/lib/systemd/linger/$rc_me" ] || rc_word=yes
  [ -z "$rc_word" ] || rc_say linger "$rc_word"
  rc_word=$(cat "${RC_LOGIND:-/etc/systemd}"/logind.conf /usr/lib/systemd/logind.conf.d/*.conf \
    "${RC_LOGIND:-/etc/systemd}"/logind.conf.d/*.conf 2>/dev/null |
    sed -n 's/^[[:space:]]*KillUserProcesses[[:space:]]*=[[:space:]]*//p' | tail -n 1)
  [ -z "$rc_word" ] || rc_say kills "$rc_word"

  # A sandbox counts when it ran something; an image may have to be loaded first.
  for rc_name in bwrap apptainer docker; do
    rc_limited 15 /bin/sh "$0" "$rc_root" works "$rc_name" "$2"
    rc_word=$(tail -n 1 "$rc_said")
    [ "$rc_status" -ne 124 ] || rc_word="$rc_name does not answer in 15 s; its image may still be on the way"
    if [ "$rc_word" = works ]; then rc_say sandbox "$rc_name"; else rc_say "sandbox-fails $rc_name" "$rc_word"; fi
  done
  rc_limited 18 /bin/sh "$0" "$rc_root" choice "$1" "$2"
  rc_say sandbox-is "$(tail -n 1 "$rc_said")"
}
[ "$2" != all ] || rc_look "$3" "$4"

# Process $1 as `PID ACCOUNT RUN PROGRAM`, a dash for what it does not show. Other programs may know a RUN_ID, too: one of
# this account's counts where this root has that run.
rc_who() {
  rc_run=- rc_name=-
  rc_user=$(stat -c %U "/proc/$1" 2>/dev/null) || rc_user=-
  rc_found=$(tr '\0' '\n' 2>/dev/null <"/proc/$1/environ" | sed -n 's/^RUN_ID=//p' | head -n 1)
  rc_is_run "$rc_found" && [ -d "$rc_root/runs/$rc_found" ] || rc_found=
  # A run's owner, of another account too: its command line is for everybody to read.
  [ -n "$rc_found" ] || rc_found=$(tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | sed -n '/\/run\.sh$/{n;n;p;}' | head -n 1)
  if rc_is_run "$rc_found"; then rc_run=$rc_found; fi
  { IFS= read -r rc_name <"/proc/$1/comm"; } 2>/dev/null || :
  printf '%s\n' "$1 ${rc_user:--} $rc_run $rc_name"
}

if command -v "$rc_nvidia_smi" >/dev/null 2>&1; then
  for rc_query in index,uuid,mig.mode.current,name,memory.total,memory.used,utilization.gpu \
    index,uuid,name,memory.total,memory.used,utilization.gpu index,uuid,name,memory.total; do
    rc_limited "${RC_SMI_LIMIT:-10}" "$rc_nvidia_smi" "--query-gpu=$rc_query" --format=csv,noheader,nounits
    [ "$rc_status" -eq 2 ] && grep -q 'not a valid field' "$rc_said" || break
  done
  rc_say "smi $rc_status" "$rc_query"
  awk '{ print "gpu " $0 }' "$rc_said"
  cp -- "$rc_said" "$rc_tmp/gpus"
  if [ "$rc_status" -ne 124 ]; then
    rc_limited "${RC_SMI_LIMIT:-10}" "$rc_nvidia_smi" --query-compute-apps=gpu_uuid,pid,used_memory --format=csv,noheader,nounits
    awk '{ print "app " $0 }' "$rc_said"
    tr -d ' ' <"$rc_said" | while IFS=, read -r _ rc_pid _; do
      case $rc_pid in '' | *[!0-9]*) ;; *) printf 'who '; rc_who "$rc_pid" ;; esac
    done
  fi
  tr -d ' ' <"$rc_tmp/gpus" | while IFS=, read -r _ rc_uuid _; do
    case $rc_uuid in '' | *[!A-Za-z0-9-]*) continue ;; esac
    [ -d "$rc_locks/gpu-$rc_uuid" ] && ! flock -n -s "$rc_locks/gpu-$rc_uuid" true || continue
    rc_inode=$(stat -c %i "$rc_locks/gpu-$rc_uuid")
    rc_pid=$(awk -v i=":$rc_inode" '$2 == "FLOCK" && substr($6, length($6) - length(i) + 1) == i { print $5; exit }' /proc/locks)
    printf 'lock %s ' "$rc_uuid"
    rc_who "${rc_pid:-0}"
  done
fi
echo END
