import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';

/** More than every buffer between two ends holds, so that a shipment can be held in its middle. */
const WEIGHT = 3 * 1024 * 1024;

const before = Array.from({ length: 300 }, (_, step) => `step ${step}: train loss 1.0, val loss 2.${step} é☃`);
const after = Array.from({ length: 60 }, (_, step) => `step ${300 + step}: train loss 1.0, val loss 1.${step}`);

/** What a run prints, to the byte: with characters of several bytes, a rewritten line and no line break at its end. */
export const PRINTED = `${before.join('\n')}\nhalf\rwhole\n${after.join('\n')}\nval_loss: 1.25`;

/**
 * A repository whose run stands still in each state until the state's gate, a file in `gates`, is there, and says so
 * by `at-STATE` beside it. Each launch adds its run to `launches`.
 */
export function gatedRepo(gates: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'faults-'));
  const hold = (state: string) => `: >${gates}/at-${state}; while [ ! -e ${gates}/${state} ]; do sleep 0.05; done`;
  const files = {
    'research.yaml': [
      'name: gated',
      'setup: sh setup.sh',
      'setup_inputs: [setup.sh]',
      'run: sh train.sh',
      'evaluate: sh evaluate.sh',
      'objective: { metric: val_loss, goal: minimize }',
      'editable: [train.sh]',
      'protected: [evaluate.sh, setup.sh]',
      'resources: { gpus: 0, timeout: 5m }',
      'seed: { env: SEED }',
    ],
    'before.txt': before,
    'after.txt': after,
    'setup.sh': [hold('preparing')],
    'train.sh': [
      `echo "$RUN_ID" >>${gates}/launches`,
      'cat before.txt',
      "printf 'half\\rwhole\\n'",
      hold('running'),
      'cat after.txt',
    ],
    'evaluate.sh': [hold('finishing'), "printf 'val_loss: 1.25'"],
  };
  for (const [name, lines] of Object.entries(files)) writeFileSync(path.join(folder, name), `${lines.join('\n')}\n`);
  writeFileSync(path.join(folder, 'weights.bin'), randomBytes(WEIGHT));
  return folder;
}
