# What runs on the node: the cluster gave the slot, so the run starts at once. $1 root, $2 run.
# shellcheck disable=SC2154
rc_root=$1 rc_run=$2
. "${0%/*}/lib.sh"
. "$rc_bin/end.sh"
cd -- "$rc_root/runs/$rc_run" || exit 1
# Where a slow node or a profile that ends its shell keeps the account's environment from Slurm, the job has none.
[ -n "${HOME:-}" ] || {
  USER=$(id -un) HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
  LOGNAME=$USER
  export HOME USER LOGNAME
}
rc_boot
rc_start_of "$$"
rc_put pid "$$ $rc_start $rc_boot_id"
rc_tick=
[ ! -e cancel ] || rc_end 130 cancelled 'Cancelled while it waited.'
for rc_index in $(printf '%s' "${CUDA_VISIBLE_DEVICES:-}" | tr ',' ' '); do
  printf 'gpu-%s %s %s\n' "$rc_index" "$rc_index" "$(hostname):$rc_index"
done >gpus
exec /bin/sh "$rc_bin/run.sh" "$rc_root" "$rc_run" 9>/dev/null
