# What lies on the box besides run folders and may go: $1 root, $2 `look` or `remove`, $3 minutes it must have been
# unused. Answers a line each, `KIND COUNT KIB`: env, inputs, trash, bin, repo; then END. KIND is done under the lock of
# what it removes, and what a live run has, may have or waits for stays.
rc_root=$1 rc_mode=$2 rc_age=$3
. "${0%/*}/lib.sh"
. "$rc_bin/inputs.sh"
case $rc_age in '' | *[!0-9]*) exit 1 ;; esac
cd -- "$rc_root" || { echo END; exit 0; }
[ "$rc_mode" = look ] || mkdir -p -- trash
# More packs than this make every look into a repository slow.
rc_packs_from=${RC_PACKS:-30}

# Adds what is at path $2 to the line of kind $1, and takes it away.
rc_count=0 rc_kib=0
rc_away() {
  rc_size=$(du -sk -- "$1" 2>/dev/null | cut -f1)
  [ "$rc_mode" = look ] || mv -T -- "$1" "trash/${1##*/}.$$" || return 0
  rc_count=$((rc_count + 1)) rc_kib=$((rc_kib + ${rc_size:-0}))
  [ "$rc_mode" = look ] || rm -rf -- "trash/${1##*/}.$$"
}
rc_told() {
  echo "$1 $rc_count $rc_kib"
  rc_count=0 rc_kib=0
}
# Whether any of the paths was changed within the age.
rc_young() { [ -n "$(find "$@" -maxdepth 0 -mmin "-$rc_age" 2>/dev/null)" ]; }

# The runs that live or wait: the first file of the one that began first, whether one is a cluster's, what they do, and
# the inputs they name.
rc_look_at_runs() {
  rc_oldest='' rc_clusters='' rc_busy='' rc_specs=
  for rc_dir in runs/*; do
    [ -d "$rc_dir" ] && [ ! -e "$rc_dir/exit" ] || continue
    [ ! -s "$rc_dir/spec/inputs" ] || rc_specs="$rc_specs $rc_dir/spec/inputs"
    if [ -e "$rc_dir/job" ]; then
      rc_clusters=1
    elif [ -e "$rc_dir/pid" ]; then
      rc_alive "$rc_dir" || continue
    else
      # It is being received.
      rc_busy=1
    fi
    [ -d "$rc_dir/spec" ] || continue
    [ -n "$rc_oldest" ] && [ ! "$rc_dir/spec" -ot "$rc_oldest" ] || rc_oldest=$rc_dir/spec
    rc_read "$rc_dir/state"
    case $rc_got in preparing | finishing) rc_busy=1 ;; esac
  done
}
rc_named() {
  # shellcheck disable=SC2086
  [ -z "$rc_specs" ] || cat -- $rc_specs 2>/dev/null | cut -d' ' -f1 | sort -u
}
rc_look_at_runs

# Environments. Their time of use is that of `ready`; a run that lives may use any that was used since it came. The
# folder and its lock stay: somebody may be waiting for the lock.
for rc_home in env/*; do
  [ -d "$rc_home/env" ] || continue
  rc_used=$rc_home/ready
  [ -e "$rc_used" ] || rc_used=$rc_home/lock
  if rc_young "$rc_used" || [ -n "$rc_clusters" ]; then continue; fi
  if [ -n "$rc_oldest" ] && [ "$rc_used" -nt "$rc_oldest" ]; then continue; fi
  exec 9>>"$rc_home/lock"
  if flock -n 9 && ! rc_young "$rc_used"; then
    [ "$rc_mode" = look ] || rm -f -- "$rc_home/ready" "$rc_home/setup.log"
    rc_size=$(du -sk -- "$rc_home/env" | cut -f1)
    rc_count=$((rc_count + 1)) rc_kib=$((rc_kib + ${rc_size:-0}))
    [ "$rc_mode" = look ] || { mv -T -- "$rc_home/env" "trash/env-${rc_home##*/}.$$" && rm -rf -- "trash/env-${rc_home##*/}.$$"; }
  fi
  exec 9>&-
done
rc_told env

# Inputs that no live run names. Under the lock of all copies; one that a run came to name meanwhile goes back.
if [ -d inputs ] && true >>inputs/.lock && exec 7>>inputs/.lock && flock -w 30 7; then
  rc_keep=$(rc_named)
  for rc_file in $(find inputs -maxdepth 1 -type f -name '[0-9a-f]*' ! -cmin "-$rc_age" 2>/dev/null); do
    rc_sum=${rc_file##*/}
    case "
$rc_keep
" in *"
$rc_sum
"*) continue ;; esac
    rc_size=$(du -sk -- "$rc_file" | cut -f1)
    if [ "$rc_mode" = remove ]; then
      mv -T -- "$rc_file" "trash/$rc_sum.$$" || continue
      rc_look_at_runs
      if rc_named | grep -q -x -F -- "$rc_sum"; then
        mv -T -- "trash/$rc_sum.$$" "$rc_file"
        continue
      fi
      rm -f -- "trash/$rc_sum.$$"
    fi
    rc_count=$((rc_count + 1)) rc_kib=$((rc_kib + ${rc_size:-0}))
  done
  exec 7>&-
fi
rc_told inputs

# Earlier versions of these scripts. A supervisor has its own in its command line; a cluster's job names them in its.
rc_here=${rc_bin##*/}
for rc_file in bin/*; do
  [ -d "$rc_file" ] && [ "${rc_file##*/}" != "$rc_here" ] && [ -z "$rc_clusters" ] || continue
  if rc_young "$rc_file"; then continue; fi
  # Not by pipe: a process would find its own pattern in the other's command line.
  rc_got=$(grep -lsF -- "/$rc_file/" /proc/[0-9]*/cmdline | grep -v -x -F -e "/proc/$$/cmdline" -e /proc/self/cmdline | while read -r rc_p; do
    case $(tr '\000' ' ' <"$rc_p" 2>/dev/null) in grep\ * | '') ;; *) echo "$rc_p" ;; esac
  done)
  [ -n "$rc_got" ] || rc_away "$rc_file"
done
rc_told bin

# Packs: one comes with each shipment. Only while nobody receives or checks out; what no ref keeps yet stays for a day.
for rc_repo_dir in repo/*.git; do
  [ -d "$rc_repo_dir" ] && [ -z "$rc_busy$rc_clusters" ] || continue
  set -- "$rc_repo_dir"/objects/pack/*.pack
  [ "$#" -ge "$rc_packs_from" ] || continue
  rc_size=$(du -sk -- "$rc_repo_dir" | cut -f1)
  rc_count=$((rc_count + $# - 1))
  if [ "$rc_mode" = remove ]; then
    rc_repo_dir=$rc_root/$rc_repo_dir
    rc_git -c pack.threads=1 repack -q -A -d --unpack-unreachable=1.day.ago >&2
    rc_kib=$((rc_kib + rc_size - $(du -sk -- "$rc_repo_dir" | cut -f1)))
  fi
done
[ "$rc_kib" -ge 0 ] || rc_kib=0
rc_told repo

# What a removal left that was cut off. One that goes on has a live process, whose number is in the name; on a disk that
# machines share it may be another machine's, and is younger.
for rc_file in trash/*; do
  [ -e "$rc_file" ] || [ -L "$rc_file" ] || continue
  ! kill -0 "${rc_file##*.}" 2>/dev/null || continue
  if [ "$rc_age" -gt 0 ] && [ -n "$(find "$rc_file" -maxdepth 0 -cmin -60 2>/dev/null)" ]; then continue; fi
  rc_size=$(du -sk -- "$rc_file" 2>/dev/null | cut -f1)
  rc_count=$((rc_count + 1)) rc_kib=$((rc_kib + ${rc_size:-0}))
  [ "$rc_mode" = look ] || rm -rf -- "$rc_file"
done
rc_told trash
echo END
