# Hands received runs to Slurm, each once: $1 root, $2 how many of an array may run at a time, $3 seconds of the time
# limit, then the options of sbatch; run ids on stdin. Runs that no group has yet become one group: one job, or one
# array whose elements its manifest names. Answers a line a run: `ID STARTED|ALREADY|DONE|LACK`, `ID REFUSED why`,
# `ID DOWN why` (the controller does not answer; nothing is known); then END.
# shellcheck disable=SC2154
rc_root=$1 rc_most=$2 rc_limit=$3
shift 3
. "${0%/*}/lib.sh"
. "$rc_bin/slurm.sh"
command -v sbatch >/dev/null || { echo 'MISSING sbatch'; exit 0; }
cd -- "$rc_root/runs" && mkdir -p -- "$rc_root/groups" || exit 1
rc_groups=$rc_root/groups
exec 9>"$rc_groups/.lock"
flock -w 60 9 || { echo 'BROKEN another submit does not end'; exit 0; }

# Whether run folder $1 is of this group and still to be submitted.
rc_is_open() {
  rc_read "$1/group"
  [ "${rc_got%% *}" = "$rc_group" ] && [ ! -e "$1/exit" ] && [ ! -e "$1/job" ]
}

# Submits group $1 unless Slurm has it; says how in rc_said.
rc_hand_over() {
  rc_group=$1 rc_said=STARTED
  shift
  cd -- "$rc_groups/$rc_group" || exit 1
  rc_list='' rc_count=0
  rc_read job
  rc_base=$rc_got
  if [ -z "$rc_base" ]; then
    if rc_was_down; then rc_said="DOWN ${rc_got#* }"; return; fi
    # The answer of an earlier submit may have been lost on its way.
    rc_base=$(timeout 30 squeue -h -t all -u "$(id -un)" -o %F --name "rc-$rc_group" 2>error) || {
      rc_base=
      rc_note_down "$(head -n 1 error)"
      rc_said="DOWN $(head -n 1 error)"
      return
    }
    rc_base=$(printf '%s\n' "$rc_base" | head -n 1)
    [ -z "$rc_base" ] || rc_said=ALREADY
  else
    rc_said=ALREADY
  fi
  if [ -z "$rc_base" ]; then
    while read -r rc_number rc_run <&6; do
      rc_is_open "$rc_root/runs/$rc_run" || continue
      rc_list=$rc_list,$rc_number rc_count=$((rc_count + 1))
      rm -f -- "out-$rc_number"
      ln -s -- "../../runs/$rc_run/supervisor" "out-$rc_number"
    done 6<manifest
    [ "$rc_count" -gt 0 ] || return
    # $1 scripts, $2 root, $3 group, $4 seconds of the time limit.
    printf '%s\n' '#!/bin/sh' 'exec /bin/sh "$1/slurm-job.sh" "$2" "$3" "$4"' >job.sh
    case $rc_list in
      ,-) set -- --output=out-- "$@" ;;
      *)
        rc_list=${rc_list#,}
        [ "$rc_count" -le "$rc_most" ] || rc_list=$rc_list%$rc_most
        set -- --array="$rc_list" --output=out-%a "$@"
        ;;
    esac
    rc_base=$(timeout 60 sbatch --parsable --job-name="rc-$rc_group" --chdir="$PWD" --open-mode=append --export=NONE "$@" \
      job.sh "$rc_bin" "$rc_root" "$rc_group" "$rc_limit" 2>error 9>&-)
    rc_status=$?
    if [ "$rc_status" -ne 0 ]; then
      rc_base=$(tr '\n' ' ' <error | head -c 500)
      if [ "$rc_status" -eq 124 ] || rc_is_down "$rc_base"; then
        rc_note_down "$rc_base"
        rc_said="DOWN ${rc_base:-sbatch did not end within 60 s}"
      else
        # It was never in the queue: the next submit receives these runs afresh.
        rc_said="REFUSED $rc_base"
        while read -r _ rc_run; do
          rc_read "$rc_root/runs/$rc_run/group"
          [ "${rc_got%% *}" != "$rc_group" ] ||
            rm -rf -- "$rc_root/runs/$rc_run/spec/commit" "$rc_root/runs/$rc_run/group" "$rc_root/runs/$rc_run/secrets"
        done <manifest
      fi
      rc_base=
      return
    fi
    # A site's own sbatch may say more: the id, with its cluster behind a semicolon, stands in the last line that is one.
    rc_base=$(printf '%s\n' "$rc_base" | sed -n -e 's/^\([0-9][0-9]*\)\(;.*\)\{0,1\}$/\1/p' -e 's/^[Ss]ubmitted batch job \([0-9][0-9]*\).*/\1/p' | tail -n 1)
    [ -n "$rc_base" ] || {
      rc_said='DOWN sbatch named no job'
      return
    }
    rc_note_event
  fi
  rc_put job "$rc_base"
  while read -r rc_number rc_run; do
    rc_read "$rc_root/runs/$rc_run/group"
    [ "${rc_got%% *}" = "$rc_group" ] || continue
    if [ "$rc_number" = - ]; then rc_got=$rc_base; else rc_got=${rc_base}_$rc_number; fi
    [ -e "$rc_root/runs/$rc_run/exit" ] || rc_claim "$rc_root/runs/$rc_run" "$rc_got" || :
  done <manifest
}

rc_todo='' rc_fresh='' rc_number=0 rc_told='
'
while read -r rc_run; do
  rc_is_run "$rc_run" || exit 1
  if [ -e "$rc_run/exit" ]; then
    echo "$rc_run DONE"
  elif [ -e "$rc_run/job" ]; then
    echo "$rc_run ALREADY"
  elif [ ! -e "$rc_run/spec/commit" ]; then
    echo "$rc_run LACK"
  else
    rc_todo="$rc_todo $rc_run"
    [ -e "$rc_run/group" ] || rc_fresh="$rc_fresh $rc_run" rc_number=$((rc_number + 1))
  fi
done
if [ "$rc_number" -gt 0 ]; then
  # The group has the name of its first run, which is in no other. The manifest first: who it names, and who does not
  # name the group, is not in it.
  rc_group=${rc_fresh# }
  rc_group=${rc_group%% *}
  rm -rf -- "${rc_groups:?}/$rc_group"
  mkdir -p -- "$rc_groups/$rc_group" || exit 1
  rc_at=0
  [ "$rc_number" -gt 1 ] || rc_at=-
  for rc_run in $rc_fresh; do
    printf '%s %s\n' "$rc_at" "$rc_run"
    [ "$rc_at" = - ] || rc_at=$((rc_at + 1))
  done >"$rc_groups/$rc_group/manifest"
  while read -r rc_at rc_run; do rc_put "$rc_run/group" "$rc_group $rc_at"; done <"$rc_groups/$rc_group/manifest"
fi
for rc_one in $rc_todo; do
  rc_read "$rc_root/runs/$rc_one/group"
  rc_of=${rc_got%% *}
  case $rc_told in
    *"
$rc_of "*)
      rc_said=${rc_told#*"
$rc_of "}
      rc_said=${rc_said%%"
"*}
      ;;
    *)
      rc_hand_over "$rc_of" "$@"
      rc_said=$(printf '%s' "$rc_said" | tr '\n' ' ')
      rc_told="$rc_told$rc_of $rc_said
"
      ;;
  esac
  printf '%s %s\n' "$rc_one" "$rc_said"
done
echo END
