# The lock folder, which all users of this tool on a box share: a folder per slot and per kind of turn, locked by flock.
# Folders, not files: another user's folder in a sticky folder can be opened and locked, another user's file cannot.
# shellcheck shell=sh disable=SC2154

# Makes the lock folder and in it the folders $@, and looks whether they can be trusted. Says in rc_unsafe what is wrong.
# A folder that everybody may write but that is not sticky lets anybody take a lock out of the others' sight; a link or
# a pipe in a folder's place may lead anywhere or block whoever opens it.
rc_lock_folders() {
  rc_unsafe=
  [ -e "$rc_locks" ] || [ -L "$rc_locks" ] || mkdir -m 1777 -- "$rc_locks" 2>/dev/null || :
  if [ -L "$rc_locks" ] || [ ! -d "$rc_locks" ]; then
    rc_unsafe="it is no folder"
    return 1
  fi
  rc_mode=$(stat -c %A -- "$rc_locks")
  case $rc_mode in
    ?????w???[!tT]* | ????????w[!tT]*)
      rc_unsafe="others may write it and it is not sticky ($rc_mode, owner $(stat -c %U -- "$rc_locks"))"
      return 1
      ;;
  esac
  for rc_name in "$@"; do
    [ -e "$rc_locks/$rc_name" ] || [ -L "$rc_locks/$rc_name" ] || mkdir -m 755 -- "$rc_locks/$rc_name" 2>/dev/null || :
    if [ -L "$rc_locks/$rc_name" ] || [ ! -d "$rc_locks/$rc_name" ] || [ ! -r "$rc_locks/$rc_name" ]; then
      rc_unsafe="$rc_name in it is no folder that can be opened ($(stat -c '%A, owner %U' -- "$rc_locks/$rc_name" 2>/dev/null || echo 'it cannot be made'))"
      return 1
    fi
  done
}

rc_locks_unsafe() {
  rc_end 125 locks-unsafe "The lock folder $rc_locks cannot be trusted: $rc_unsafe. Its owner or root can remove it; or set RC_LOCKS in $rc_root/box.env to another folder, the same one for all users of the box."
}

# Whether this process holds the locks of the folders that are there under the names $@ now: their owner may have put
# others in their place. Leaves the folders' inode numbers in rc_slot_nodes. A kernel that does not tell is believed.
rc_hold_locks() {
  rc_slot_nodes=
  grep -qs FLOCK /proc/$$/fdinfo/* || return 0
  for rc_name in "$@"; do
    rc_node=$(stat -c %i -- "$rc_locks/$rc_name" 2>/dev/null) || return 1
    grep -qs "FLOCK .*:$rc_node 0 EOF" /proc/$$/fdinfo/* || return 1
    rc_slot_nodes="$rc_slot_nodes $rc_node"
  done
}

# Notes for the next run that these GPUs ($@, uuids) are left clean: nothing of this one is alive.
rc_note_clean() {
  rc_boot
  rc_uptime
  rc_clean=$rc_locks/clean-$(id -u)
  [ -d "$rc_clean" ] && [ ! -L "$rc_clean" ] || mkdir -m 755 -- "$rc_clean" 2>/dev/null || return 0
  for rc_uuid in "$@"; do
    (umask 022; printf '%s %s\n' "$rc_boot_id" "$rc_up" >"$rc_clean/.new" && mv -f -- "$rc_clean/.new" "$rc_clean/$rc_uuid") 2>/dev/null || :
  done
}
