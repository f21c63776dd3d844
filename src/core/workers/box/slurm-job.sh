# What runs on the node: the cluster gave the slot, so the run starts at once. $1 root, $2 group, $3 seconds of the
# job's time limit. Stays the parent of run.sh, because only it hears what the cluster says (TERM, and USR1 before the
# time limit), and run.sh wakes itself by USR1.
# shellcheck disable=SC2154
rc_root=$1 rc_group=$2 rc_limit=$3
. "${0%/*}/lib.sh"
. "$rc_bin/slurm.sh"
. "$rc_bin/end.sh"
rc_child='' rc_begin=$(date +%s) rc_tick=
# Before the limit it is the limit's, earlier something else (a preemption): then the cluster is asked what it was.
trap '[ $(($(date +%s) - rc_begin + 240)) -lt "$rc_limit" ] || true >limit; [ -z "$rc_child" ] || kill -s TERM "$rc_child"' USR1
trap '[ -z "$rc_child" ] || kill -s TERM "$rc_child"' TERM
rc_index=${SLURM_ARRAY_TASK_ID:--} rc_run=
while read -r rc_number rc_got; do [ "$rc_number" != "$rc_index" ] || rc_run=$rc_got; done <"$rc_root/groups/$rc_group/manifest"
rc_is_run "$rc_run" || { echo "group $rc_group has no element $rc_index"; exit 1; }
cd -- "$rc_root/runs/$rc_run" || exit 1
for rc_file in secrets/*; do
  [ -f "$rc_file" ] || continue
  rc_slurp "$rc_file"
  # shellcheck disable=SC2163
  export "${rc_file##*/}=$rc_got"
done
rm -rf -- secrets
rc_got=$SLURM_JOB_ID
[ -z "${SLURM_ARRAY_JOB_ID:-}" ] || rc_got=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
rc_claim . "$rc_got" || { echo "$rc_got is not the job of $rc_run"; exit 0; }
[ ! -e exit ] || exit 0
exec >>supervisor 2>&1
rc_read attempt
rc_attempt=$((${rc_got:-0} + 1))
if [ "$rc_attempt" -gt 1 ]; then
  # The cluster took the node away and gave another: from scratch, with the log appended.
  rm -rf -- code eval tmp home started stopped gone lost limit told expired evaluated use sandbox gpus hardware log-size state
  [ -z "$(tail -c 1 log)" ] || echo >>log
  echo "[research-copilot] Slurm started this run again on $(hostname), attempt $rc_attempt; it begins from scratch." >>log
fi
rc_put attempt "$rc_attempt"
# Where a slow node or a profile that ends its shell keeps the account's environment from Slurm, the job has none.
[ -n "${HOME:-}" ] || {
  USER=$(id -un) HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
  LOGNAME=$USER
  export HOME USER LOGNAME
}
# Set by --export=NONE, and inherited by an srun of the run it would take that one's environment away.
unset SLURM_EXPORT_ENV
# As many threads as Slurm gave processors, and not as the node has.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-${SLURM_CPUS_PER_TASK:-${SLURM_CPUS_ON_NODE:-1}}}"
rc_put begun "$(hostname) $$"
[ ! -e cancel ] || rc_end 130 cancelled 'Cancelled while it waited.'
rc_read spec/start_before
if [ "${rc_got:-0}" -gt 0 ] && [ "$(rc_now)" -gt "$rc_got" ]; then
  rc_end 125 expired 'Slurm did not start it before its time to start had passed.'
fi

# What it is measured on: the names of the GPUs it was given, or the processor. Into `gpus` go the GPUs themselves.
rc_read spec/gpus
rc_wanted=$rc_got rc_given=${CUDA_VISIBLE_DEVICES:-${ROCR_VISIBLE_DEVICES:-}} rc_names=''
true >gpus
if [ "$rc_wanted" -gt 0 ]; then
  rc_smi=$(timeout 20 "${RC_NVIDIA_SMI:-nvidia-smi}" ${rc_given:+-i "$rc_given"} --query-gpu=index,uuid,name --format=csv,noheader 2>/dev/null) || rc_smi=
  rc_names=$(printf '%s\n' "$rc_smi" | sed -n 's/^[^,]*, *[^,]*, *//p' | sort -u | paste -sd+ - | sed 's/+/ + /g')
  for rc_number in $(printf '%s' "$rc_given" | tr ',' ' '); do
    rc_uuid=$(printf '%s\n' "$rc_smi" | awk -F ', *' -v i="$rc_number" '$1 == i || $2 == i { print $2; exit }')
    printf 'gpu-%s %s %s\n' "$rc_number" "$rc_number" "${rc_uuid:-$(hostname):$rc_number}"
  done >gpus
fi
rc_cpu=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
rc_cpu=${rc_cpu:-$(uname -m)}
if [ "$rc_wanted" -eq 0 ]; then
  rc_names=cpu:$rc_cpu
elif [ -z "$rc_names" ]; then
  # No nvidia-smi on the node: what the person calls its GPUs, and the machine they are in.
  rc_read spec/gpu_type
  rc_names="GPU ${rc_got:-of unknown kind} in $rc_cpu"
fi
rc_put hardware "$(printf '%s' "$rc_names" | tr '\n\t' '  ')"

/bin/sh "$rc_bin/run.sh" "$rc_root" "$rc_run" 9>/dev/null &
rc_child=$!
while :; do
  wait "$rc_child"
  rc_status=$?
  kill -0 "$rc_child" 2>/dev/null || break
done
# For the cluster's own records; ours are written.
rc_read exit
rc_got=${rc_got%% *}
exit "${rc_got:-$rc_status}"
