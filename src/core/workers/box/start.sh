# Receives one run and starts its supervisor, once however often it is asked: $1 root, $2 run, $3 repo, $4 commit,
# $5 `hold` to receive only (a cluster's own queue starts it). Frames on stdin: `kind name length`, then the bytes.
# Answers STARTED, ALREADY, DONE, LOST, HELD, LACK (the commit is not here), FULL <free bytes> <folder>.
rc_root=$1 rc_run=$2 rc_commit=$4
. "${0%/*}/lib.sh"
rc_is_run "$rc_run" || exit 1
case $3$4 in *[!a-z0-9-]*) exit 1 ;; esac
rc_dir=$rc_root/runs/$rc_run rc_repo_dir=$rc_root/repo/$3.git

rc_full() {
  rc_free
  rm -rf -- "$rc_dir/spec" "$rc_dir/reserve"
  if [ "$rc_free" -lt 1048576 ]; then
    printf 'FULL %s %s\n' "$rc_free" "$rc_root"
  else
    printf 'BROKEN %s\n' "$1"
  fi
  exit 0
}

rc_known() {
  if [ -e "$rc_dir/exit" ]; then echo DONE; exit 0; fi
  if [ -e "$rc_dir/pid" ]; then
    if rc_alive "$rc_dir"; then echo ALREADY; elif [ -e "$rc_dir/exit" ]; then echo DONE; else echo LOST; fi
    exit 0
  fi
}

mkdir -p -- "$rc_dir/spec/env" "$rc_dir/code" "$rc_root/repo" "$rc_root/queue" "$rc_root/env" "$rc_root/inputs" || rc_full 'the folder cannot be made'
# A failed redirection of exec or of `:` would end a POSIX shell at once, so it is tried with true first.
true >>"$rc_dir/lock" && exec 9>>"$rc_dir/lock" || rc_full 'the lock cannot be made'
rc_known
# The lock is held by a live supervisor (then there is a pid) or by another start that is still receiving.
rc_tries=0
until flock -n 9; do
  rc_known
  rc_tries=$((rc_tries + 1))
  [ "$rc_tries" -lt 1200 ] || { echo ALREADY; exit 0; }
  sleep 0.05
done
rc_known

rc_packed=
rc_take_pack() {
  if [ ! -d "$rc_repo_dir" ]; then
    exec 7>"$rc_root/repo/.lock" && flock 7
    if [ ! -d "$rc_repo_dir" ]; then
      rc_new=$rc_root/repo/.new.$$
      git init -q --bare --template= -- "$rc_new" >&2 || rc_full 'git init failed'
      mkdir -p "$rc_new/info"
      # A repository's own attributes must not change a byte of what is checked out. The encoding is unspecified
      # and not unset: git refuses to check out with it unset.
      echo '* -text -ident -filter !eol !working-tree-encoding !crlf' >"$rc_new/info/attributes" &&
        mv -T -- "$rc_new" "$rc_repo_dir" || rc_full 'the repository cannot be made'
    fi
    exec 7>&-
  fi
  rc_take "$1" | rc_git index-pack --fix-thin --stdin >/dev/null 2>"$rc_dir/pack.err" ||
    rc_full "git index-pack: $(head -c 300 "$rc_dir/pack.err" 2>/dev/null | tr '\n' ' ')"
  rc_packed=1
}

# What a start that was cut left behind.
if [ -e "$rc_dir/spec/run" ]; then
  rm -rf -- "$rc_dir/spec"
  mkdir -p -- "$rc_dir/spec/env" || rc_full 'the folder cannot be made'
fi
rc_ended=
while IFS=' ' read -r rc_kind rc_name rc_len; do
  case $rc_name in '' | *[!A-Za-z0-9_]* | rc_* | RC_*) exit 1 ;; esac
  case $rc_kind in
    # A value of one line comes as a line: no process is needed to take it.
    line) IFS= read -r rc_value && printf '%s' "$rc_value" >"$rc_dir/spec/$rc_name" || rc_full 'the spec cannot be written' ;;
    env-line) IFS= read -r rc_value && printf '%s' "$rc_value" >"$rc_dir/spec/env/$rc_name" || rc_full 'the spec cannot be written' ;;
    spec) rc_take "$rc_len" >"$rc_dir/spec/$rc_name" || rc_full 'the spec cannot be written' ;;
    env) rc_take "$rc_len" >"$rc_dir/spec/env/$rc_name" || rc_full 'the spec cannot be written' ;;
    secret)
      rc_value=$(rc_take "$rc_len" && printf x)
      # shellcheck disable=SC2163
      export "$rc_name=${rc_value%x}"
      ;;
    pack) rc_take_pack "$rc_len" ;;
    end)
      rc_ended=1
      break
      ;;
  esac
done
rc_value=
if [ -z "$rc_ended" ]; then
  echo CUT
  exit 0
fi
rc_head=
[ ! -d "$rc_repo_dir" ] || rc_head=$(rc_git cat-file commit "$rc_commit" 2>/dev/null)
if [ -z "$rc_head" ]; then
  echo LACK
  exit 0
fi
# Where its parents are not here, history ends here and is said to, as a shallow clone says it.
rc_cut=
case ${rc_head%%"

"*} in *"
parent "*) rc_git cat-file -e "$rc_commit^1" 2>/dev/null || rc_cut=1 ;; esac
rc_ref="update refs/runs/$rc_run $rc_commit"
if [ -n "$rc_packed" ]; then
  if [ -n "$rc_cut" ]; then
    exec 7>"$rc_root/repo/.lock" && flock 7
    grep -qx -- "$rc_commit" "$rc_repo_dir/shallow" 2>/dev/null || echo "$rc_commit" >>"$rc_repo_dir/shallow"
    exec 7>&-
  fi
  # What later packs build on where the run itself was tidied away. Another run may be writing it: then without.
  printf '%s\n' "$rc_ref" "update refs/keep/last $rc_commit" | rc_git update-ref --stdin 2>/dev/null && rc_ref=
fi
[ -z "$rc_ref" ] || printf '%s\n' "$rc_ref" | rc_git update-ref --stdin >&2 || rc_full 'git update-ref failed'
printf '%s\n' "$3" >"$rc_dir/spec/repo" && printf '%s\n' "$rc_commit" >"$rc_dir/spec/commit" || rc_full 'the spec cannot be written'
# Given back when the disk is full, so that the end of the run can still be written down.
printf '%32768s' '' >"$rc_dir/reserve" && true >>"$rc_dir/log" || rc_full 'the folder cannot be written'
if [ "$5" = hold ]; then echo HELD; exit 0; fi

setsid /bin/sh "$rc_bin/supervise.sh" "$rc_root" "$rc_run" </dev/null >>"$rc_dir/supervisor" 2>&1 &
rc_child=$!
rc_boot
# Written here too, so that whoever hears STARTED finds a pid; the supervisor writes the same line.
rc_start_of "$rc_child" && rc_put "$rc_dir/pid" "$rc_child $rc_start $rc_boot_id"
echo STARTED
