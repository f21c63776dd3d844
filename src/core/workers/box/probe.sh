# What the box is and has: `key value` a line, then END. $1 root.
rc_root=$1
. "${0%/*}/lib.sh"
rc_say() { printf '%s\n' "$1 $(printf '%s' "$2" | head -n 1 | tr '\t\r' '  ')"; }
mkdir -p -- "$rc_root"
rc_free
rc_say free "$rc_free"
rc_say disk "$(stat -f -c %T -- "$rc_root" 2>/dev/null)"
rc_say clock "$(rc_now)"
rc_say cpu "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)"
rc_say machine "$(uname -m)"
rc_login=$(timeout 10 "${SHELL:-/bin/sh}" -lc 'printf "\n%s\n" "$PATH"' </dev/null 2>/dev/null | tail -n 1)
[ -z "$rc_login" ] || rc_put "$rc_root/login-path" "$rc_login"
PATH=$PATH:$rc_login:$HOME/.local/bin
for rc_tool in git flock setsid python3 uv tar timeout sha256sum awk bwrap docker apptainer sbatch; do
  command -v "$rc_tool" >/dev/null 2>&1 || continue
  case $rc_tool in
    git | python3 | uv | flock) rc_say "tool $rc_tool" "$(timeout 10 "$rc_tool" --version 2>/dev/null)" ;;
    *) rc_say "tool $rc_tool" '' ;;
  esac
done
rc_try=$rc_root/.probe.$$
true >"$rc_try" && { flock -n -F "$rc_try" true 2>/dev/null && rc_say flock-exec yes; flock -n "$rc_try" true 2>/dev/null && rc_say flock-works yes; }
rm -f -- "$rc_try"
mkdir -m 1777 -- "$rc_locks" 2>/dev/null || :
[ -w "$rc_locks" ] && rc_say locks yes
rc_linger=$(loginctl show-user "$(id -un)" -p Linger 2>/dev/null)
[ -z "$rc_linger" ] || rc_say linger "${rc_linger#Linger=}"
rc_smi=${RC_NVIDIA_SMI:-nvidia-smi}
if command -v "$rc_smi" >/dev/null 2>&1; then
  timeout 10 "$rc_smi" --query-gpu=index,uuid,name,memory.total,memory.used,utilization.gpu --format=csv,noheader,nounits \
    >"$rc_try" 2>&1
  rc_status=$?
  rc_say smi "$rc_status"
  while IFS= read -r rc_line; do
    if [ "$rc_status" -eq 0 ]; then rc_say gpu "$rc_line"; else rc_say smi-says "$rc_line"; fi
  done <"$rc_try"
  rm -f -- "$rc_try"
fi
echo END
