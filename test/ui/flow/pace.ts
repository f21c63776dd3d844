import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';

/** What a box's python3 loads first: it stands still after as many printed lines as `hold` says, until that changes. */
const SITE = `
import builtins, os, time
_print, _hold, _lines = builtins.print, os.path.join(os.path.dirname(__file__), "hold"), 0
def _limit():
    try:
        return int(open(_hold).read() or "0")
    except OSError:
        return None
def _paced(*args, **kwargs):
    global _lines
    _print(*args, **kwargs)
    _lines += 1
    while (limit := _limit()) is not None and _lines >= limit:
        time.sleep(0.02)
builtins.print = _paced
`;

/**
 * Lets a test decide how far runs get, with the training script untouched: a run that takes a second cannot be watched,
 * and one that sleeps cannot be hurried.
 */
export class Pace {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'rc-pace-'));

  constructor() {
    chmodSync(this.folder, 0o755);
    writeFileSync(path.join(this.folder, 'sitecustomize.py'), SITE);
  }

  /** For the box's environment. */
  get env(): Readonly<Record<string, string>> {
    return { PYTHONPATH: this.folder, PYTHONDONTWRITEBYTECODE: '1' };
  }

  /** Runs stand still once they printed so many lines. */
  holdAt(lines: number): void {
    // One write call of few bytes: a run never reads half a number.
    writeFileSync(path.join(this.folder, 'hold'), String(lines));
  }

  letGo(): void {
    rmSync(path.join(this.folder, 'hold'), { force: true });
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
