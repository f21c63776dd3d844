#!/bin/bash
# Records what real libraries print on a machine with a GPU: trainers as they train, and the ways they die.
#
#   test/gpu/record.sh FOLDER
#
# For a python3 with torch, transformers, lightning, jax and triton. Each program of test/gpu/programs leaves FOLDER/NAME.log,
# its output and errors as a run's log has them, and a line in FOLDER/exits.txt. What is kept of it stands in
# test/fixtures/logs.
set -u
[ $# = 1 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; }
mkdir -p "$1" || exit 1
out=$(cd "$1" && pwd) && cd "$(dirname "$0")/programs" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cp ./*.py "$work" && cd "$work" || exit 1
# As a run has them; nothing is fetched.
export PYTHONUNBUFFERED=1 OMP_NUM_THREADS=2 HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1 XLA_PYTHON_CLIENT_PREALLOCATE=false
: >"$out/exits.txt"

# Runs the rest of the arguments under the name $1.
record() {
  local name=$1 code; shift
  timeout -k 5 150 "$@" >"$out/$name.log" 2>&1 </dev/null
  code=$?
  echo "$name $code $*" >>"$out/exits.txt"
}
# The same beside others, at most eight at a time.
beside() {
  while [ "$(jobs -rp | wc -l)" -ge 8 ]; do wait -n; done
  record "$@" &
}

nvidia-smi >"$out/machine.txt" 2>&1
python3 -c 'import torch, transformers, lightning, jax, triton, tqdm, sys
print("python", sys.version.split()[0], *(f"{m.__name__} {m.__version__}" for m in (torch, transformers, lightning, jax, triton, tqdm)))' >>"$out/machine.txt" 2>&1

torchrun="torchrun --standalone --nproc_per_node=1"
command -v torchrun >/dev/null || torchrun='python3 -m torch.distributed.run --standalone --nproc_per_node=1'
beside hf-trainer python3 hf_trainer.py
beside hf-trainer-crash python3 hf_trainer_crash.py
beside lightning-fit python3 lightning_fit.py
beside lightning-crash python3 lightning_fit.py --crash
beside torchrun-gpt $torchrun gpt.py
beside torchrun-crash $torchrun gpt.py --fail
beside jax-train python3 jax_train.py
beside jax-crash python3 jax_train.py --fail
beside bars-print python3 bars.py print
beside bars-write python3 bars.py write
beside bars-log python3 bars.py log
beside imagenet python3 imagenet.py
beside compile-crash python3 compiled.py
beside compile-full-crash python3 compiled.py --full
beside triton-crash python3 triton_kernel.py
beside missing python3 missing.py
for way in asserted devices types loader loader_killed checkpoint inplace not_a_number chained fault killed aborted arguments group; do
  beside "fail-$way" python3 failures.py "$way"
done
wait
# By themselves: they fill the card.
record fail-memory python3 failures.py memory
record jax-memory python3 jax_train.py --memory
python3 failures.py hold 40 >"$out/hold.log" 2>&1 &
for _ in $(seq 200); do grep -q holds "$out/hold.log" && break; sleep 0.1; done
record fail-memory-of-others python3 failures.py memory
kill %1 2>/dev/null
wait
cp -r out-lightning "$out/" 2>/dev/null
sort -o "$out/exits.txt" "$out/exits.txt"
cat "$out/machine.txt" "$out/exits.txt"
