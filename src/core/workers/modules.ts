/** A name that Python may import, and that no shell reads as anything else. */
export const MODULE = /^[A-Za-z_]\w{0,100}$/;

/** Prints which of its arguments cannot be found, then END. Finding is not importing: nothing of a package runs. */
export const FIND_MODULES = `
import importlib.util, sys
def there(name):
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
sys.path = [entry for entry in sys.path if entry]
for name in sys.argv[1:]:
    if not there(name):
        print(name)
print("END")
`;

/**
 * What the asking came to: the missing modules, or undefined where the box could not tell. Names that were not asked
 * for are not taken for an answer.
 */
export function parseModules(answer: string, asked: readonly string[]): readonly string[] | undefined {
  const lines = answer.split('\n').map((line) => line.trim());
  if (!lines.includes('END') || lines.includes('UNKNOWN')) return undefined;
  return asked.filter((name) => lines.includes(name));
}
