#!/bin/sh
# A stand-in for nvidia-smi: reads `$HOME/gpus` (index, uuid, name, total, used, utilisation; a line each) and
# `$HOME/gpu-apps` (uuid, pid, used). No such file: the error of a box whose driver does not run.
state=$HOME/gpus
[ ! -e "$HOME/gpus-hang" ] || exec sleep 3600
if [ ! -e "$state" ]; then
  echo "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running."
  exit 9
fi
query='' apps='' header=1 units=1 ids=''
for arg in "$@"; do
  case $arg in
    --query-gpu=*) query=${arg#*=} ;;
    --query-compute-apps=*) apps=${arg#*=} ;;
    --id=*) ids=${arg#*=} ;;
    --format=*)
      case $arg in *noheader*) header='' ;; esac
      case $arg in *nounits*) units='' ;; esac
      ;;
    -L)
      awk -F', *' '{ printf "GPU %s: %s (UUID: %s)\n", $1, $3, $2 }' "$state"
      exit 0
      ;;
  esac
done
show() {
  [ -e "$3" ] || exit 0
  awk -F', *' -v query="$1" -v names="$2" -v header="$header" -v units="$units" -v ids="$4" '
    BEGIN {
      wanted = split(query, q, ","); known = split(names, n, ",")
      for (i = 1; i <= known; i++) at[n[i]] = i
      line = ""
      for (i = 1; i <= wanted; i++) {
        if (!(q[i] in at)) { printf "Field \"%s\" is not a valid field to query.\n", q[i]; exit 2 }
        line = line (i > 1 ? ", " : "") q[i]
      }
      if (header != "") print line
    }
    ids == "" || index("," ids ",", "," $1 ",") {
      line = ""
      for (i = 1; i <= wanted; i++) {
        value = $at[q[i]]
        if (units != "" && q[i] ~ /memory/) value = value " MiB"
        if (units != "" && q[i] ~ /utilization/) value = value " %"
        line = line (i > 1 ? ", " : "") value
      }
      print line
    }' "$3"
}
if [ -n "$query" ]; then
  show "$query" index,uuid,name,memory.total,memory.used,utilization.gpu "$state" "$ids"
elif [ -n "$apps" ]; then
  show "$apps" gpu_uuid,pid,used_memory "$HOME/gpu-apps" ''
fi
