# Checkouts made ahead: to write the files of a tree anew takes longer than all else between a start and its command, so
# a whole checkout or two lie ready in spare/<repo>/, and a run takes one and changes only what differs in its own tree.
# None has been in any run's hands, and what lies there is trusted no further than git's index tells: where the inode of a
# file was touched since (and that time cannot be set back), or something is there that the index does not name, all of it
# is thrown away.
# shellcheck shell=sh disable=SC2154

# Makes folder $1, of which $1.index tells what is in it, tree $2.
rc_fit() { GIT_INDEX_FILE=$1.index GIT_WORK_TREE=$1 rc_git read-tree --reset -u "$2"; }

# Whether nothing in folder $1 was changed, added or removed behind the index.
rc_untouched() {
  rc_got=$(GIT_INDEX_FILE=$1.index GIT_WORK_TREE=$1 rc_git ls-files -m -d -o --directory) && [ -z "$rc_got" ]
}

# Takes a spare as folder $1 and makes it tree $2. Fails where there is none.
rc_take_spare() {
  for rc_file in "$rc_root/spare/${rc_repo_dir##*/}"/*.index; do
    [ -e "$rc_file" ] || return 1
    # Of several, who renames the index has it.
    mv -T -- "$rc_file" "$1.index" 2>/dev/null || continue
    mv -T -- "${rc_file%.index}" "$1" && rc_fit "$1" "$2" && rc_untouched "$1" && return 0
    rm -rf -- "$1" "$1.index"
    return 1
  done
  return 1
}
