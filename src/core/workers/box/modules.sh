# Which Python modules the interpreter of a run cannot find: $1 root, $2 the run (or `-`: the account's own Python), $3 the
# Python that looks, then their names. What it prints: the missing ones, a line each, then END. UNKNOWN where it cannot be asked: the run's folder is
# gone, its Python is in an image, or there is none.
rc_root=$1
. "${0%/*}/lib.sh"
rc_run=$2 rc_python=$3
shift 3
if [ "$rc_run" != - ]; then
  rc_is_run "$rc_run" || exit 1
  cd -- "$rc_root/runs/$rc_run" 2>/dev/null || { echo UNKNOWN; exit 0; }
  rc_read sandbox
  case $rc_got in docker | apptainer) echo UNKNOWN; exit 0 ;; esac
fi
rc_read "$rc_root/login-path"
PATH=$rc_plain_path:$rc_got:$HOME/.local/bin
if [ "$rc_run" != - ]; then
  # What `uv run` made beside the code, then what setup made, which goes before it.
  rc_read environment
  for rc_env in "$PWD/code/.venv" "$rc_got"; do
    [ ! -x "$rc_env/bin/python3" ] || PATH=$rc_env/bin:$PATH
  done
fi
export PATH
cd /
timeout 30 python3 -c "$rc_python" "$@" </dev/null 2>/dev/null || echo UNKNOWN
