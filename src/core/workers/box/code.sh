# The code of a run: its checkout, and the protected files as the base has them. Working folder: the run's.
# shellcheck shell=sh disable=SC2154

# The tree that runs, in rc_tree: the run's commit, with what is protected as the trusted commit has it. What the trusted
# commit lacks there is not in the tree; so nothing that a patch did to a protected path arrives, be it a changed byte, a
# link, a folder in its place, a new name or a new file beside it.
rc_compose() {
  rc_tree=$rc_commit
  rc_read spec/trusted
  rc_trusted=${rc_got:-$rc_commit}
  [ "$rc_trusted" != "$rc_commit" ] && [ -s spec/protected ] || return 0
  # One expression a line, for lines of ls-tree: `mode type hash<tab>path`.
  sed 's/.*/[0-9]+ [a-z]+ [0-9a-f]+	(&)/' spec/protected >compose.match
  rm -f compose.index
  GIT_INDEX_FILE=$PWD/compose.index rc_git read-tree "$rc_commit" || return 1
  rc_git ls-tree -r -z --full-tree "$rc_trusted" >compose.trusted && rc_git ls-tree -r -z --full-tree "$rc_commit" >compose.own || return 1
  # A path may hold a line break: ends of lines and of entries change places while grep looks.
  {
    tr '\n\000' '\001\n' <compose.own | LC_ALL=C grep -E -x -f compose.match | LC_ALL=C sed 's/^[0-9]* [a-z]* \([0-9a-f]*\)	/0 \1	/' || :
    tr '\n\000' '\001\n' <compose.trusted | LC_ALL=C grep -E -x -f compose.match || :
  } | tr '\n\001' '\000\n' | GIT_INDEX_FILE=$PWD/compose.index rc_git update-index -z --index-info || return 1
  rc_tree=$(GIT_INDEX_FILE=$PWD/compose.index rc_git write-tree) && [ -n "$rc_tree" ] || return 1
  rm -f compose.index compose.match compose.trusted compose.own
}

# Writes tree $2 to folder $1 byte for byte, with an index of its own.
rc_checkout() {
  ! rc_take_spare "$1" "$2" || return 0
  [ -d "$1" ] || mkdir -p -- "$1" || return 1
  [ ! -e "$1.index" ] || rm -f -- "$1.index"
  GIT_INDEX_FILE=$1.index rc_git read-tree "$2" &&
    GIT_INDEX_FILE=$1.index GIT_WORK_TREE=$1 rc_git checkout-index -a -q -f
}

# Protected files of folder $1 that are not as tree $2 has them, one a line, at most five. The index is new, so
# every file is read and hashed whatever its times say. Fails where that cannot be told.
rc_changed() {
  [ -s spec/protected ] || return 0
  rm -f -- check.index
  GIT_INDEX_FILE=$PWD/check.index rc_git read-tree "$2" || return 1
  GIT_INDEX_FILE=$PWD/check.index GIT_WORK_TREE=$1 rc_git update-index -q --refresh >/dev/null 2>&1 || :
  GIT_INDEX_FILE=$PWD/check.index GIT_WORK_TREE=$1 rc_git diff-files -z --name-only >changed.tmp || return 1
  # What `links` put there stands for what the box has, and cannot be as committed.
  tr '\n\000' '\001\n' <changed.tmp | LC_ALL=C grep -E -x -f spec/protected | while IFS= read -r rc_path; do
    rc_linked "$rc_path" || printf '%s\n' "$rc_path"
  done | head -n 5 || :
  rm -f -- check.index changed.tmp
}

# Whether `links` or `inputs` put path $1 there.
rc_linked() {
  while IFS='	' read -r rc_name _; do
    case $1 in "$rc_name" | "$rc_name"/*) return 0 ;; esac
  done <spec/links
  while read -r _ rc_name; do
    [ "$1" != "$rc_name" ] || return 0
  done <spec/inputs
  return 1
}

# The code of the run, its inputs and its links, in folder $1.
rc_lay_out() {
  rc_checkout "$1" "$rc_tree" 2>>supervisor || {
    rc_no_disk 74
    rc_end 74 checkout-failed "The commit could not be checked out: $(tail -n 1 supervisor | head -c 300)"
  }
  while read -r rc_sum rc_path; do
    # A link in the code may lead out of the run's folder.
    rc_plain "$1" "$rc_path" ||
      rc_end 74 input-missing "The input $rc_path cannot be laid out: a name on its way is a link in the commit."
  done <spec/inputs
  rc_lay_inputs "$1" spec/inputs || {
    rc_no_disk 74
    rc_end 74 input-missing "The input $rc_got is not on the box, or was changed there by a run. Run it again to ship it anew."
  }
  while IFS='	' read -r rc_path rc_target <&6; do
    [ -e "$rc_target" ] ||
      rc_end 74 link-missing "links: $rc_path points to $rc_target, which does not exist on this box. Put it there, or change links in research.yaml."
    case $rc_path in */*) rc_above=${rc_path%/*} ;; *) rc_above= ;; esac
    rc_plain "$1" "$rc_above" && mkdir -p -- "$1/$rc_above" && rm -rf -- "${1:?}/$rc_path" && ln -s -- "$rc_target" "$1/$rc_path" ||
      rc_end 74 link-missing "links: $rc_path could not be made."
  done 6<spec/links
}

rc_protect() {
  rc_bad=$(rc_changed "$rc_dir/code" "$rc_tree") ||
    rc_end 74 protected-changed "The protected files could not be checked $1: the commit is no longer readable on the box."
  [ -z "$rc_bad" ] || rc_end 74 protected-changed "Protected files are not as committed $1: $(echo "$rc_bad" | paste -sd' ' -)"
}

# What the run was told, as one hash: the run can reach the file, and its orders must be the same at the end.
rc_spec_sum() { (cd spec && sha256sum -- * env/* 2>/dev/null | sha256sum); }

# Takes the run's artifacts into the checkout that is evaluated: plain files that are nowhere there yet, that are not
# protected, and that Python does not load by itself.
rc_bring_artifacts() {
  rc_matching code spec/artifacts | while IFS= read -r rc_path; do
    case ${rc_path##*/} in sitecustomize.py | usercustomize.py | conftest.py | .git*) continue ;; esac
    if [ -s spec/protected ] && printf '%s\n' "$rc_path" | LC_ALL=C grep -q -E -x -f spec/protected; then continue; fi
    [ ! -e "$1/$rc_path" ] && rc_plain "$1" "$rc_path" || continue
    case $rc_path in */*) mkdir -p -- "$1/${rc_path%/*}" || continue ;; esac
    ln -- "code/$rc_path" "$1/$rc_path" || cp -- "code/$rc_path" "$1/$rc_path"
  done 2>>supervisor
}
