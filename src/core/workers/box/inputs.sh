# The untracked files that runs need: one copy a content under inputs/, named by its sha256, shared by all runs. A large
# one is hard-linked into a run, and whoever owns a file may write to it: so the size, times and inode of a copy are
# stamped when it was last known to be right. The time of the last change of an inode cannot be set back, so a copy whose
# stamp still fits is as it was; one whose stamp does not is hashed again before it is handed on.
# shellcheck shell=sh disable=SC2154

# Copies up to this size are copied into a run, not linked: 4 MiB.
rc_link_from=4194304

# The sha256 of file $1. A dot on stderr now and then: whoever waits must not take a long hash for a dead link.
rc_hash() {
  rc_size=$(stat -c %s -- "$1") || return 1
  if [ "$rc_size" -lt 536870912 ]; then
    sha256sum <"$1" | cut -d' ' -f1
  else
    {
      while [ "$rc_size" -gt 0 ]; do
        dd bs=1048576 count=256 2>/dev/null
        echo . >&2
        rc_size=$((rc_size - 268435456))
      done
    } <"$1" | sha256sum | cut -d' ' -f1
  fi
}

# The stamps of the copies named on stdin, `sha256 size changed written inode` a line; missing ones are left out.
rc_stamps() {
  (cd -- "$rc_root/inputs" && LC_ALL=C xargs -r stat -c '%n %s %.9Z %.9Y %i' -- 2>/dev/null) || :
}

# Those of the sha256 on stdin, one a line, whose copy is missing or may have changed since its stamp.
rc_doubtful() {
  rc_list=$(cut -d' ' -f1 | sort -u)
  {
    printf '%s\n' "$rc_list" | sed 's/^/wanted /'
    printf '%s\n' "$rc_list" | rc_stamps | sed 's/^/now /'
    [ ! -e "$rc_root/inputs/.stamps" ] || sed 's/^/stamp /' "$rc_root/inputs/.stamps"
  } | awk '
    { key = $2; kind = $1; $1 = ""; $2 = "" }
    kind == "wanted" { if (key != "") wanted[key] = 1 }
    kind == "now" { now[key] = $0 }
    kind == "stamp" { stamp[key] = $0 }
    END { for (key in wanted) if (!(key in now) || now[key] != stamp[key]) print key }'
}

# Holds the lock of all copies on descriptor 7. Who has it may be hashing for long: a dot now and then.
rc_lock_inputs() {
  true >>"$rc_root/inputs/.lock" && exec 7>>"$rc_root/inputs/.lock" || return 1
  until flock -w 10 7; do echo . >&2; done
}

# Stamps the copies named on stdin as they are now. Wants the lock.
rc_stamp() {
  rc_list=$(cut -d' ' -f1 | sort -u)
  {
    printf '%s\n' "$rc_list" | rc_stamps
    [ ! -e "$rc_root/inputs/.stamps" ] || cat -- "$rc_root/inputs/.stamps"
  } | awk '!seen[$1]++' >"$rc_root/inputs/.stamps.tmp" && mv -f -- "$rc_root/inputs/.stamps.tmp" "$rc_root/inputs/.stamps"
}

# Whether copy $1 is there and right, by its hash: stamps it anew, or removes it. Wants the lock.
rc_rehash() {
  [ -f "$rc_root/inputs/$1" ] || return 1
  if [ "$(rc_hash "$rc_root/inputs/$1")" = "$1" ]; then
    chmod 0400 "$rc_root/inputs/$1"
    echo "$1" | rc_stamp
  else
    rm -f -- "$rc_root/inputs/$1"
    return 1
  fi
}

# Puts the inputs of file $2 (`sha256 path` a line) into folder $1, each checked before. On failure rc_got names the one
# that is missing or was changed. A copy on a disk that shares blocks costs nothing and cannot be reached by the run.
rc_lay_inputs() {
  [ -s "$2" ] || return 0
  rc_lock_inputs || return 1
  for rc_sum in $(rc_doubtful <"$2"); do
    rc_rehash "$rc_sum" && continue
    rc_got=$(awk -v sum="$rc_sum" '$1 == sum { print substr($0, length(sum) + 2); exit }' "$2")
    exec 7>&-
    return 1
  done
  rc_clone=yes
  awk -v from="$rc_link_from" 'NR == FNR { size[$1] = $2; next } { print (size[$1] < from ? "copy" : "link") " " $0 }' \
    "$rc_root/inputs/.stamps" "$2" >inputs.tmp || return 1
  while IFS=' ' read -r rc_kind rc_sum rc_path <&6; do
    rc_got=$rc_path rc_from=$rc_root/inputs/$rc_sum rc_to=$1/$rc_path
    [ -d "${rc_to%/*}" ] || mkdir -p -- "${rc_to%/*}" || return 1
    if [ "$rc_kind" = copy ]; then
      cp -f -- "$rc_from" "$rc_to" || return 1
    elif [ -z "$rc_clone" ] || ! cp -f --reflink=always -- "$rc_from" "$rc_to" 2>/dev/null; then
      rc_clone=
      ln -f -- "$rc_from" "$rc_to" 2>/dev/null || cp -f -- "$rc_from" "$rc_to" || return 1
    fi
  done 6<inputs.tmp
  rm -f -- inputs.tmp
  rc_stamp <"$2"
  exec 7>&-
}
