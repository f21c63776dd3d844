# What the GPUs of a box are and do, asked of nvidia-smi: for the head of the queue. Working folder: the run's.
# shellcheck shell=sh disable=SC2154

# A stranger's GPU is one with a compute process, with more memory in use than RC_GPU_MIB (1024) or RC_GPU_PERCENT (3) of
# it, whichever is more, or busier than RC_GPU_USE percent (10). A desktop takes some hundred MiB, and an idle one still
# shows a percent or two.

# The slots that GPUs are, into file `slots`: `name index uuid` a line, those of spec/gpu_list. Fails where nvidia-smi does.
rc_gpu_slots() {
  rc_smi smi --query-gpu=index,uuid --format=csv,noheader || return 1
  rc_read spec/gpu_list
  rc_allowed=$rc_got
  tr -d ' \r' <smi | while IFS=, read -r rc_index rc_uuid; do
    rc_is_number "$rc_index" || continue
    case $rc_uuid in '' | *[!A-Za-z0-9-]*) continue ;; esac
    case " $rc_allowed " in ' all ' | *" $rc_index "*) echo "gpu-$rc_uuid $rc_index $rc_uuid" ;; esac
  done >slots
}

# One look at all GPUs, added to files `looks` and `apps`. Fails where nvidia-smi does, or hangs.
rc_gpu_look() {
  rc_smi smi --query-gpu=uuid,memory.total,memory.used,utilization.gpu --format=csv,noheader,nounits || return 1
  cat smi >>looks
  rc_smi smi --query-compute-apps=gpu_uuid --format=csv,noheader || return 1
  cat smi >>apps
}

# Whether a run of this tool, of whichever user, ended on GPU $1 less than a minute ago and left nothing behind. Then
# there is no stranger whose pause between two steps could be taken for its end, and one look is enough.
rc_gpu_ours() {
  for rc_file in "$rc_locks"/clean-*/"$1"; do
    rc_read "$rc_file"
    [ "${rc_got% *}" = "$rc_boot_id" ] && rc_is_number "${rc_got##* }" || continue
    rc_uptime
    [ $((rc_up - ${rc_got##* })) -ge 60 ] || return 0
  done
  return 1
}

rc_count_words() {
  # shellcheck disable=SC2086
  set -- $1
  echo "$#"
}

# Of the GPUs $1 (uuids) those that nobody computes on, into rc_vacant. $2: how many are needed. Fails where nvidia-smi
# does.
rc_gpu_vacant() {
  rm -f looks apps
  rc_gpu_look || return 1
  rc_ours=
  for rc_uuid in $1; do
    ! rc_gpu_ours "$rc_uuid" || rc_ours="$rc_ours $rc_uuid"
  done
  rc_gpu_judge "$1"
  [ "$(rc_count_words "$rc_vacant")" -ge "$2" ] || return 0
  # Enough of them were ours a moment ago.
  rc_first=$rc_vacant rc_vacant=
  for rc_uuid in $rc_ours; do
    case "$rc_first " in *" $rc_uuid "*) rc_vacant="$rc_vacant $rc_uuid" ;; esac
  done
  [ "$(rc_count_words "$rc_vacant")" -lt "$2" ] || return 0
  rc_looks=1
  while [ "$rc_looks" -lt "${RC_GPU_LOOKS:-3}" ]; do
    sleep "${RC_GPU_GAP:-1}" 8<&- 9>&- &
    wait "$!"
    rc_gpu_look || return 1
    rc_looks=$((rc_looks + 1))
  done
  rc_gpu_judge "$1"
}

# Judges what was seen: the lowest memory and the middle utilisation of all looks count, because both flicker while a
# process comes or goes. What is N/A cannot be judged and is no objection; any other word (GPU is lost, ERR!) is one.
rc_gpu_judge() {
  rc_vacant=$(awk -F ' *, *' -v wanted=" $1 " -v ours=" $rc_ours " -v mib="${RC_GPU_MIB:-1024}" \
    -v percent="${RC_GPU_PERCENT:-3}" -v most="${RC_GPU_USE:-10}" '
    function known(value) { return value ~ /^[0-9.]+$/ }
    function absent(value) { return value ~ /^\[?(N\/A|Not Supported)\]?$/ }
    { sub(/\r$/, "") }
    FILENAME == "apps" { if ($1 != "") used[$1] = 1; next }
    index(wanted, " " $1 " ") {
      if (!(known($3) || absent($3)) || !(known($4) || absent($4))) lost[$1] = 1
      if (known($3) && (!($1 in low) || $3 + 0 < low[$1])) low[$1] = $3 + 0
      if (known($2)) total[$1] = $2
      if (known($4)) use[$1, ++uses[$1]] = $4 + 0
      seen[$1] = 1
    }
    END {
      for (id in seen) {
        limit = total[id] * percent / 100
        if (limit < mib) limit = mib
        count = uses[id]
        for (i = 1; i <= count; i++) for (j = i + 1; j <= count; j++) if (use[id, j] < use[id, i]) {
          swap = use[id, i]; use[id, i] = use[id, j]; use[id, j] = swap
        }
        busy = count ? use[id, int((count + 1) / 2)] : 0
        if (id in used || id in lost || low[id] > limit) continue
        if (busy > most && !index(ours, " " id " ")) continue
        printf " %s", id
      }
    }' apps looks)
}
