#!/bin/bash
# Two runs that want the same GPU: the second starts when the first is gone and its memory is free, and never before.
# For a machine with an NVIDIA GPU, git and a python3 with torch. It needs no sshd, no Node and no network: it drives the
# scripts of src/core/workers/box as an ssh session would, in a temporary folder with a lock folder of its own.
#
#   test/gpu/check.sh [--gpu INDEX] [--gib N] [--sandbox auto|bwrap|none] [--keep FOLDER] [--bend LINE] [--stand-in]
#
# --gib: memory that each run takes (8). --keep: a folder for the records (samples of nvidia-smi, logs, exit files).
# --bend: a line for box.env, such as RC_GPU_MIB=99999, with which the check must fail.
# --stand-in: no GPU and no torch; a stand-in for nvidia-smi, whose memory comes free a moment after a process has ended.
# Prints the gap in which the GPU was idle, the samples around it, and PASS or FAIL; exit code 0 only for PASS.
set -u
cd "$(dirname "$0")/../.." || exit 1
repo=$PWD gpu=0 gib=8 sandbox=auto keep='' standin='' bend='' seconds=3 failed=0
while [ $# -gt 0 ]; do
  case $1 in
    --gpu) gpu=$2; shift ;;
    --gib) gib=$2; shift ;;
    --sandbox) sandbox=$2; shift ;;
    --keep) keep=$2; shift ;;
    --bend) bend=$2; shift ;;
    --stand-in) standin=1 ;;
    *) sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
  shift
done

top=$(mktemp -d "${TMPDIR:-/tmp}/rc-gpu-check.XXXXXX") || exit 1
root=$top/root bin=$top/root/bin/check code=$top/code
sampler=''
finish() {
  [ -z "$sampler" ] || kill "$sampler" 2>/dev/null
  for run in "$root"/runs/*; do
    [ -d "$run" ] && [ ! -e "$run/exit" ] && sh "$bin/cancel.sh" "$root" "${run##*/}" >/dev/null 2>&1
  done
  if [ -n "$keep" ]; then
    mkdir -p "$keep"
    cp "$top"/samples-* "$keep/" 2>/dev/null
    for run in "$root"/runs/*; do
      for file in log supervisor exit why gpus sandbox use gpu-use; do
        [ ! -f "$run/$file" ] || cp "$run/$file" "$keep/${run##*/}-$file"
      done
    done
  fi
  rm -rf "$top"
}
trap finish EXIT
trap 'exit 1' INT TERM

now() { date +%s%3N; }
say() { printf '%s\n' "$*"; }
fail() { failed=1; say "  FAIL: $*"; }
die() { say "FAIL: $*"; exit 1; }
command -v git >/dev/null || die 'git is missing'
command -v flock >/dev/null || die 'flock (util-linux) is missing'

# Waits until a command is true, at most $1 seconds.
until_true() {
  local end=$((SECONDS + $1)); shift
  until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.05; done
}

mkdir -p "$bin" "$code" "$top/state" "$top/bin"
cp "$repo"/src/core/workers/box/*.sh "$bin/"
printf 'RC_LOCKS=%s\nRC_GRACE=5\nRC_LINGER=1\n%s\n' "$top/locks" "$bend" >"$root/box.env"
if [ -n "$standin" ]; then
  sandbox=none seconds=1
  # Longer where it has to be noticed, however slow the machine.
  export RC_CHECK_STATE=$top/state RC_CHECK_HOLD=300
  [ -z "$bend" ] || RC_CHECK_HOLD=5000
  cat >"$top/bin/nvidia-smi" <<'EOF'
#!/bin/sh
# One GPU. A process that has a file pid-N in RC_CHECK_STATE uses it; its memory is there for RC_CHECK_HOLD ms
# after its end.
used=4 use=0 apps='' now=$(date +%s%3N)
for file in "$RC_CHECK_STATE"/pid-*; do
  [ -e "$file" ] || continue
  pid=${file##*-}
  case $(cut -d' ' -f3 "/proc/$pid/stat" 2>/dev/null) in '' | Z | X) ;; *) used=30000 use=97 apps="$apps$pid
"; continue ;; esac
  [ -e "$RC_CHECK_STATE/gone-$pid" ] || echo "$now" >"$RC_CHECK_STATE/gone-$pid"
  [ $((now - $(cat "$RC_CHECK_STATE/gone-$pid"))) -ge "$RC_CHECK_HOLD" ] || used=30000 use=25
done
for arg in "$@"; do
  case $arg in
    --query-gpu=*)
      line=$(printf '%s\n' "${arg#*=}" | tr ',' '\n' | while read -r field; do
        case $field in
          index) echo 0 ;; uuid) echo GPU-stand-in ;; name) echo 'Stand-in GPU' ;; memory.total) echo 81559 ;;
          memory.used) echo "$used" ;; utilization.gpu) echo "$use" ;; *) echo '[N/A]' ;;
        esac
      done | paste -sd, - | sed 's/,/, /g')
      echo "$line" ;;
    --query-compute-apps=*) printf '%s' "$apps" | while read -r pid; do case $arg in *pid*) echo "GPU-stand-in, $pid, 30000" ;; *) echo GPU-stand-in ;; esac; done ;;
  esac
done
EOF
  chmod +x "$top/bin/nvidia-smi"
  PATH=$top/bin:$PATH
  cat >"$code/work.py" <<'EOF'
import os, sys, time
ms = lambda: int(time.time() * 1000)
open(f"{os.environ['RC_CHECK_STATE']}/pid-{os.getpid()}", "w").close()
print("ready", ms(), "stand-in", flush=True)
end = time.time() + float(sys.argv[1])
while time.time() < end:
    print("beat", ms(), flush=True)
    time.sleep(0.02)
EOF
else
  python3 -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' || die 'python3 has no torch that sees a GPU here (or use --stand-in)'
  cat >"$code/work.py" <<EOF
import sys, time
ms = lambda: int(time.time() * 1000)
import torch
memory = torch.empty($gib * 2**28, device="cuda")
a = torch.randn(4096, 4096, device="cuda", dtype=torch.bfloat16)
torch.cuda.synchronize()
print("ready", ms(), torch.cuda.get_device_name(0), flush=True)
end = time.time() + float(sys.argv[1])
while time.time() < end:
    for _ in range(20):
        b = a @ a
    torch.cuda.synchronize()
    print("beat", ms(), flush=True)
EOF
fi
command -v nvidia-smi >/dev/null || die 'nvidia-smi is missing'
# The first thing a run does, before Python has started: when, and what is in use then.
cat >"$code/run.sh" <<EOF
echo "begin \$(date +%s%3N)"
nvidia-smi --id=$gpu --query-gpu=memory.used,utilization.gpu --format=csv,noheader,nounits | sed 's/^/found /'
exec python3 work.py "\$1"
EOF
git -C "$code" init -q && git -C "$code" add -A &&
  git -C "$code" -c user.name=check -c user.email=check@localhost commit -qm check || die 'no git repository could be made'
commit=$(git -C "$code" rev-parse HEAD)
printf '%s\n' "$commit" | git -C "$code" pack-objects --revs --stdout -q >"$top/pack"

# Hands run $1 with command $2 over, in the frames that start.sh reads.
start() {
  {
    printf 'pack pack %s\n' "$(stat -c %s "$top/pack")"
    cat "$top/pack"
    printf 'run %s %s\n' "$1" "$commit"
    for pair in "run=$2" setup= setup_inputs= evaluate= protected='(run|work)\.(sh|py)' artifacts= timeout=600 gpus=1 gpu_list=$gpu \
      cpu_slots=1 start_before=0 "sandbox=$sandbox" sandbox_image= secret_names= max_log=100000000 max_disk=1000000000 "trusted=$commit"; do
      printf 'line %s 0\n%s\n' "${pair%%=*}" "${pair#*=}"
    done
    printf 'spec inputs 0\nspec links 0\nend end 0\ndone done 0\n'
  } | sh "$bin/start.sh" "$root" check go | grep -q "^$1 STARTED" || die "start.sh did not start $1"
}
state() { cat "$root/runs/$1/state" 2>/dev/null; }
said() { grep -q "^$2 " "$root/runs/$1/log" 2>/dev/null; }
said_or_ended() { said "$1" "$2" || [ -e "$root/runs/$1/exit" ]; }
ended() { [ -e "$root/runs/$1/exit" ]; }
waits() { [ "$(state "$1")" = waiting ] && [ -s "$root/runs/$1/slots" ]; }
used() { nvidia-smi --id="$gpu" --query-gpu=memory.used --format=csv,noheader,nounits | tr -dc 0-9; }

idle=$(used)
say "GPU $gpu: $(nvidia-smi --id="$gpu" --query-gpu=name --format=csv,noheader), $idle MiB in use before"

# One pass: $1 its name, $2 how the first run is ended.
pass() {
  local first=$1-first second=$1-second exit
  say "$1: the first run is ended by $2"
  (
    while :; do
      printf '%s %s, apps %s\n' "$(now)" \
        "$(nvidia-smi --id="$gpu" --query-gpu=memory.used,utilization.gpu --format=csv,noheader,nounits)" \
        "$(nvidia-smi --id="$gpu" --query-compute-apps=pid,used_memory --format=csv,noheader,nounits | paste -sd';' -)"
      sleep 0.05
    done
  ) >"$top/samples-$1" &
  sampler=$!
  start "$first" 'sh run.sh 600'
  until_true 120 said_or_ended "$first" beat && said "$first" beat || die "the first run came to nothing: $(tail -n 5 "$root/runs/$first/log" "$root/runs/$first/why" 2>&1)"
  start "$second" "sh run.sh $seconds"
  until_true 60 waits "$second" || die 'the second run does not wait'
  local killed
  killed=$(now)
  if [ "$2" = cancel ]; then
    sh "$bin/cancel.sh" "$root" "$first" >/dev/null
  else
    for pid in $(grep -lsz "^RUN_ID=$first\$" /proc/[0-9]*/environ | cut -d/ -f3); do
      grep -qsz '^work.py$' "/proc/$pid/cmdline" && [ "$(head -c 6 "/proc/$pid/comm")" = python ] && kill -9 "$pid"
    done
  fi
  until_true 120 said "$second" begin || die "the second run did not start: $(tail -n 5 "$root/runs/$second/supervisor")"
  until_true 120 ended "$second" || die 'the second run did not end'
  kill "$sampler"
  sampler=''
  local beat begin found freed
  beat=$(grep '^beat' "$root/runs/$first/log" | tail -n 1 | cut -d' ' -f2)
  begin=$(grep '^begin' "$root/runs/$second/log" | cut -d' ' -f2)
  found=$(grep '^found' "$root/runs/$second/log" | tr -dc '0-9,' | cut -d, -f1)
  exit=$(date -d "@$(stat -c %.3Y "$root/runs/$first/exit")" +%s%3N)
  # The first sample without the first run's memory after it was ended.
  freed=$(tr -d ',' <"$top/samples-$1" | awk -v from="$killed" -v idle="$idle" '$1 > from && $2 < idle + 512 { print $1; exit }')
  say "  ended $killed, last sign of life $((beat - killed)) ms, memory seen free $((${freed:-0} - killed)) ms, exit written $((exit - killed)) ms, second began $((begin - killed)) ms after it"
  say "  idle gap: $((begin - beat)) ms"
  tr -d ',' <"$top/samples-$1" | awk -v from="$((beat - 150))" -v to="$((begin + 400))" -v zero="$killed" \
    '$1 >= from && $1 <= to { at = $1 - zero; $1 = ""; printf "    %+6d ms: memory, utilisation%s\n", at, $0 }'
  case "$2-$(cut -d' ' -f1,2 "$root/runs/$first/exit")" in
    'cancel-130 cancelled' | 'kill -9-137 exited') ;;
    *) fail "the first run ended as $(cat "$root/runs/$first/exit")" ;;
  esac
  [ "$(cut -d' ' -f1,2 "$root/runs/$second/exit")" = '0 exited' ] || fail "the second run ended as $(cat "$root/runs/$second/exit")"
  [ "$begin" -gt "$beat" ] || fail 'the two runs overlap'
  [ "$begin" -ge "$exit" ] || fail 'the second began before the first had its exit file'
  [ "$found" -lt $((idle + 512)) ] || fail "the second found $found MiB in use"
  [ -n "$freed" ] || fail 'the memory was never seen free'
  [ $((begin - beat)) -le 1000 ] || say '  NOTE: the gap is above one second'
  cmp -s "$root/runs/$first/gpus" "$root/runs/$second/gpus" || fail 'they had different GPUs'
  say "  sandbox: $(cat "$root/runs/$second/sandbox"); samples of the supervisor: $(cat "$root/runs/$first/use" 2>/dev/null || echo none, it was too short)"
}

pass one cancel
[ -n "$bend" ] || pass two 'kill -9'
[ "$failed" -eq 0 ] && say PASS || { say FAIL; exit 1; }
