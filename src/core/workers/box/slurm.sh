# Shared by the scripts that speak with a cluster; sourced behind lib.sh. Wants rc_root.
# shellcheck shell=sh disable=SC2154
rc_slurm=$rc_root/slurm
# What a person set for their own commands must not change what ours say. Ranges of an array are never cut short.
unset SQUEUE_ARRAY SQUEUE_PARTITION SQUEUE_SORT SQUEUE_STATES SQUEUE_USERS SQUEUE_FORMAT SQUEUE_FORMAT2 SLURM_CLUSTERS \
  SBATCH_CLUSTERS SBATCH_ARRAY_INX SBATCH_WAIT SBATCH_WCKEY SBATCH_REQUEUE SBATCH_NO_REQUEUE SBATCH_OPEN_MODE SACCT_FORMAT
export SLURM_BITSTR_LEN=0
# Sites put Slurm's commands where only a login shell finds them.
rc_read "$rc_root/login-path"
PATH=$PATH:$rc_got

# Whether words $1 of a command say that the controller did not answer: nothing is known then.
rc_is_down() {
  case $1 in
    *'ontact slurm controller'* | *'ocket timed out'* | *'onnection refused'* | *'onnection timed out'* | \
      *'ransport endpoint'* | *'nable to contact'* | *'ommunication connection failure'* | *'ackup controller'*) return 0 ;;
  esac
  return 1
}

# The controller's silence, for everybody who would ask it too.
rc_note_down() {
  mkdir -p -- "$rc_slurm"
  rc_put "$rc_slurm/down" "$(rc_now) $(printf '%s' "${1:-no answer}" | tr '\n\t' '  ' | head -c 300)"
}

# Whether it did not answer a moment ago: then it is not asked again, because each command waits nine seconds for it.
rc_was_down() {
  rc_read "$rc_slurm/down"
  [ -n "$rc_got" ] || return 1
  [ $(($(rc_now) - ${rc_got%% *})) -lt "${RC_SLURM_REST:-10}" ]
}

# Whether jobs of ours have come or were cancelled: the answer we have is older than that.
rc_note_event() {
  mkdir -p -- "$rc_slurm"
  true >"$rc_slurm/event"
}

# The job of run folder $1 in rc_job: from the folder, or from its group where only the group was told; else empty.
rc_job_of() {
  rc_read "$1/job"
  rc_job=$rc_got
  [ -z "$rc_job" ] || return 0
  rc_read "$1/group"
  [ -n "$rc_got" ] || return 1
  rc_number=${rc_got#* }
  rc_read "$rc_root/groups/${rc_got%% *}/job"
  [ -n "$rc_got" ] || return 1
  rc_job=$rc_got
  [ "$rc_number" = - ] || rc_job=${rc_job}_$rc_number
}

# Writes job $2 down for run folder $1, once: the first job to do so has the run, any other leaves it alone.
rc_claim() {
  printf '%s\n' "$2" >"$1/job.$$" || return 1
  ln -- "$1/job.$$" "$1/job" 2>/dev/null || :
  rm -f -- "$1/job.$$"
  rc_read "$1/job"
  [ "$rc_got" = "$2" ]
}

# Stops job $1 with all that belongs to it; what waits never starts. Never with --state: of an array, one element of
# which waits, that takes away all that wait.
rc_scancel() { timeout 20 scancel "$1"; }
