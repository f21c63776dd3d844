# What the cluster is: $1 root, then options of sbatch to try. `key value` a line, then END; `down` and nothing more
# where the controller does not answer.
rc_root=$1
shift
. "${0%/*}/lib.sh"
. "$rc_bin/slurm.sh"
rc_say() { printf '%s\n' "$1 $(printf '%s' "$2" | head -n 1 | tr '\t\r' '  ' | head -c 500)"; }
command -v sbatch >/dev/null || { echo END; exit 0; }
rc_try=$(mktemp -d) || exit 1
rc_say version "$(timeout 10 sbatch --version 2>/dev/null)"
if timeout 20 sinfo -h -N -O 'PartitionName:80,Available:12,Time:20,StateLong:24,Gres:200,GresUsed:200' >"$rc_try/nodes" 2>"$rc_try/error"; then
  # A line a partition: name, up or down, time limit, nodes, idle ones, then type=all/free of its GPUs.
  awk '
    function count(text, into, sign,    list, one, parts, n, at) {
      gsub(/\([^)]*\)/, "", text)
      n = split(text, list, ",")
      for (at = 1; at <= n; at++) {
        one = split(list[at], parts, ":")
        if (parts[1] == "gpu" && one > 1) { into[$1, one > 2 ? parts[2] : "gpu"] += sign * parts[one]; types[one > 2 ? parts[2] : "gpu"] = 1 }
      }
    }
    { name[$1] = $2; limit[$1] = $3; nodes[$1]++; count($5, all, 1) }
    $4 !~ /down|drain|fail|maint|unk|reserved|[*]/ { count($5, free, 1); count($6, free, -1); if ($4 ~ /^idle/) idle[$1]++ }
    END {
      for (part in name) {
        printf "partition %s %s %s %d %d", part, name[part], limit[part], nodes[part], idle[part]
        for (type in types) if ((part, type) in all) printf " %s=%d/%d", type, all[part, type], free[part, type]
        print ""
      }
    }' "$rc_try/nodes"
  rc_say accounting "$(timeout 20 scontrol show config 2>/dev/null | sed -n 's/^AccountingStorageType *= *//p')"
  if timeout 20 sacctmgr -n -P show assoc user="$(id -un)" format=account >"$rc_try/accounts" 2>/dev/null; then
    rc_say accounts "$(sort -u <"$rc_try/accounts" | paste -sd' ' -)"
  fi
  printf '%s\n' '#!/bin/sh' true >"$rc_try/job.sh"
  timeout 20 sbatch --test-only "$@" "$rc_try/job.sh" >"$rc_try/said" 2>&1 || rc_say refused "$(tr '\n' ' ' <"$rc_try/said")"
  rm -f -- "$rc_slurm/down"
else
  rc_say down "$(cat "$rc_try/error")"
fi
rm -rf -- "$rc_try"
echo END
