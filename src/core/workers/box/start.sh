# Receives runs and starts their supervisors, each once however often it is asked: $1 root, $2 repo, $3 `go`, or `hold`
# to receive only (a cluster's own queue starts them). On stdin `pack pack LENGTH` and its bytes where something is
# missing here, then a run as `run ID COMMIT`, frames of `kind name length` and their bytes, `end end 0`; then the next
# run; at last `done done 0`.
# Answers a line a run, `ID WORD`: STARTED, ALREADY, DONE, LOST, HELD, LACK (a commit is not here, or an input may have
# been changed here), LINK <missing or unreadable> <path><tab><target>, FULL <free bytes> <folder>, BROKEN <why>;
# then END. A pack that cannot be taken is FULL or BROKEN
# without an id, and starts nothing.
rc_root=$1 rc_repo=$2 rc_mode=$3
. "${0%/*}/lib.sh"
case $rc_repo in '' | *[!a-z0-9-]*) exit 1 ;; esac
rc_repo_dir=$rc_root/repo/$rc_repo.git

# Says in rc_said what went wrong: no room, or $1.
rc_trouble() {
  rc_free
  if [ "$rc_free" -lt 1048576 ]; then rc_said="FULL $rc_free $rc_root"; else rc_said="BROKEN $1"; fi
}

rc_stop() {
  rc_trouble "$1"
  printf '%s\n' "$rc_said"
  exit 0
}

rc_take_pack() {
  if [ ! -d "$rc_repo_dir" ]; then
    exec 7>"$rc_root/repo/.lock" && flock 7
    if [ ! -d "$rc_repo_dir" ]; then
      rc_new=$rc_root/repo/.new.$$
      git init -q --bare --template= -- "$rc_new" >&2 || rc_stop 'git init failed'
      mkdir -p "$rc_new/info"
      # A repository's own attributes must not change a byte of what is checked out. The encoding is unspecified
      # and not unset: git refuses to check out with it unset.
      echo '* -text -ident -filter !eol !working-tree-encoding !crlf' >"$rc_new/info/attributes" &&
        mv -T -- "$rc_new" "$rc_repo_dir" || rc_stop 'the repository cannot be made'
    fi
    exec 7>&-
  fi
  rc_said=$(rc_take "$1" | rc_git index-pack --fix-thin --stdin 2>&1 >/dev/null) ||
    rc_stop "git index-pack: $(printf '%s' "$rc_said" | head -c 300 | tr '\n' ' ')"
  rc_packed=1
}

# Whether run folder rc_dir has been started before; says how in rc_said.
rc_known() {
  if [ -e "$rc_dir/exit" ]; then
    rc_said=DONE
  elif [ "$rc_mode" = hold ] && [ -e "$rc_dir/spec/commit" ] && [ ! -e "$rc_dir/job" ]; then
    # Received whole before: somebody may be handing it to the cluster, or its job may be reading it.
    rc_said=HELD
  elif [ -e "$rc_dir/pid" ] || [ -e "$rc_dir/job" ]; then
    if rc_alive "$rc_dir"; then rc_said=ALREADY; elif [ -e "$rc_dir/exit" ]; then rc_said=DONE; else rc_said=LOST; fi
  fi
  [ -n "$rc_said" ]
}

# Takes the lock of run folder rc_dir on descriptor 9, or says in rc_said why not.
rc_lock() {
  mkdir -p -- "$rc_dir/spec/env" "$rc_dir/code" || { rc_trouble 'the folder cannot be made'; return; }
  # A failed redirection of exec or of `:` would end a POSIX shell at once, so it is tried with true first.
  true >>"$rc_dir/lock" && exec 9>>"$rc_dir/lock" || { rc_trouble 'the lock cannot be made'; return; }
  ! rc_known || return
  # The lock is held by a live supervisor (then there is a pid) or by another start that is still receiving.
  rc_tries=0
  until flock -n 9; do
    ! rc_known || return
    rc_tries=$((rc_tries + 1))
    [ "$rc_tries" -lt 1200 ] || { rc_said=ALREADY; return; }
    sleep 0.05
  done
  ! rc_known || return
  rc_locked=1
  # What a start that was cut left behind.
  [ ! -e "$rc_dir/spec/trusted" ] || { rm -rf -- "$rc_dir/spec" && mkdir -p -- "$rc_dir/spec/env"; } ||
    rc_trouble 'the folder cannot be made'
}

# One frame of a run, read up where the run is not wanted. Fails where the stream is cut.
rc_frame() {
  case $rc_name in '' | *[!A-Za-z0-9_]* | rc_* | RC_*) exit 1 ;; esac
  case $rc_kind in
    # A value of one line comes as a line: no process is needed to take it.
    line | env-line) IFS= read -r rc_value || return 1 ;;
    spec | env | secret) [ -z "$rc_said" ] || { rc_take "$rc_len" >/dev/null; return; } ;;
    *) return 0 ;;
  esac
  [ -z "$rc_said" ] || return 0
  case $rc_kind in
    line) printf '%s' "$rc_value" >"$rc_dir/spec/$rc_name" ;;
    env-line) printf '%s' "$rc_value" >"$rc_dir/spec/env/$rc_name" ;;
    spec) rc_take "$rc_len" >"$rc_dir/spec/$rc_name" ;;
    env) rc_take "$rc_len" >"$rc_dir/spec/env/$rc_name" ;;
    secret)
      if [ "$rc_mode" = hold ]; then
        # For a job on another machine: its first act is to take them away (umask 077).
        mkdir -p -- "$rc_dir/secrets" && rc_take "$rc_len" >"$rc_dir/secrets/$rc_name" || rc_trouble 'the spec cannot be written'
        return
      fi
      rc_value=$(rc_take "$rc_len" && printf x)
      # shellcheck disable=SC2163
      export "$rc_name=${rc_value%x}"
      ;;
  esac || rc_trouble 'the spec cannot be written'
}

# Keeps the run's commits by refs; says LACK where one is not here.
rc_keep() {
  rc_read "$rc_dir/spec/trusted"
  rc_trusted=$rc_got
  case $rc_trusted in '' | *[!0-9a-f]*) rc_said='BROKEN it names no trusted commit'; return ;; esac
  rc_refs="update refs/runs/$rc_run $rc_commit"
  [ -e "$rc_repo_dir/refs/base/$rc_trusted" ] || rc_refs="$rc_refs
update refs/base/$rc_trusted $rc_trusted"
  # What later packs build on where the run itself was tidied away. Another run may be writing it: then without.
  if [ -n "$rc_packed" ]; then
    ! printf '%s\n' "$rc_refs" "update refs/keep/last $rc_commit" | rc_git update-ref --stdin 2>/dev/null || return 0
  fi
  ! printf '%s\n' "$rc_refs" | rc_git update-ref --stdin 2>"$rc_dir/refs.err" || { rm -f -- "$rc_dir/refs.err"; return 0; }
  if rc_git cat-file -e "$rc_commit" 2>/dev/null && rc_git cat-file -e "$rc_trusted" 2>/dev/null; then
    rc_trouble "git update-ref: $(head -n 1 "$rc_dir/refs.err")"
  else
    rc_said=LACK
  fi
}

# Before the run waits for hours: a link to what this box does not have. (A cluster's nodes see other disks than this one.)
rc_check_links() {
  while IFS='	' read -r rc_name rc_len <&6; do
    if [ ! -e "$rc_len" ]; then rc_said="LINK missing $rc_name	$rc_len"
    elif [ ! -r "$rc_len" ]; then rc_said="LINK unreadable $rc_name	$rc_len"
    fi
  done 6<"$rc_dir/spec/links"
}

# One run, in a shell of its own: its secrets and its lock are no other's.
rc_receive() {
  rc_is_run "$rc_run" || exit 1
  case $rc_commit in '' | *[!0-9a-f]*) exit 1 ;; esac
  rc_dir=$rc_root/runs/$rc_run rc_said='' rc_locked='' rc_ended=''
  rc_known || rc_lock
  while IFS=' ' read -r rc_kind rc_name rc_len; do
    if [ "$rc_kind" = end ]; then
      rc_ended=1
      break
    fi
    rc_frame || break
  done
  rc_value=
  [ -n "$rc_ended" ] || rc_said=CUT
  [ -n "$rc_said" ] || [ -d "$rc_repo_dir" ] || rc_said=LACK
  if [ -z "$rc_said" ] && [ -s "$rc_dir/spec/inputs" ]; then
    . "$rc_bin/inputs.sh"
    [ -z "$(rc_doubtful <"$rc_dir/spec/inputs")" ] || rc_said=LACK
  fi
  [ -n "$rc_said" ] || [ "$rc_mode" = hold ] || rc_check_links
  [ -n "$rc_said" ] || rc_keep
  if [ -z "$rc_said" ]; then
    # The reserve is given back when the disk is full, so that the end of the run can still be written down.
    printf '%s\n' "$rc_repo" >"$rc_dir/spec/repo" && printf '%s\n' "$rc_commit" >"$rc_dir/spec/commit" &&
      printf '%32768s' '' >"$rc_dir/reserve" && true >>"$rc_dir/log" || rc_trouble 'the folder cannot be written'
  fi
  if [ -n "$rc_said" ]; then
    # Nothing of it stays but its lock, which somebody else may be waiting for.
    [ -z "$rc_locked" ] || rm -rf -- "$rc_dir/spec" "$rc_dir/code" "$rc_dir/reserve" "$rc_dir/log" "$rc_dir/refs.err" "$rc_dir/secrets"
  elif [ "$rc_mode" = hold ]; then
    rc_said=HELD
  else
    setsid /bin/sh "$rc_bin/supervise.sh" "$rc_root" "$rc_run" </dev/null >>"$rc_dir/supervisor" 2>&1 &
    rc_child=$!
    rc_boot
    # Written here too, so that whoever hears STARTED finds a pid; the supervisor writes the same line.
    rc_start_of "$rc_child" && rc_put "$rc_dir/pid" "$rc_child $rc_start $rc_boot_id"
    rc_said=STARTED
  fi
  printf '%s %s\n' "$rc_run" "$rc_said"
}

for rc_name in runs repo queue env inputs; do
  [ -d "$rc_root/$rc_name" ] || mkdir -p -- "$rc_root/$rc_name" || rc_stop 'the folder cannot be made'
done
rc_packed='' rc_last=
while IFS=' ' read -r rc_kind rc_run rc_commit; do
  case $rc_kind in
    pack) rc_take_pack "$rc_commit" ;;
    run)
      (rc_receive) || exit 1
      rc_last=$rc_commit
      ;;
    "done")
      echo END
      [ -z "$rc_last" ] || [ "$rc_mode" = hold ] ||
        setsid nice -n 19 /bin/sh "$rc_bin/make-spare.sh" "$rc_root" "$rc_repo" "$rc_last" </dev/null >/dev/null 2>&1 &
      exit 0
      ;;
  esac
done
echo CUT
