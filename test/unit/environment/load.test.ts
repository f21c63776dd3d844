import { strict as assert } from 'node:assert';
import * as path from 'node:path';
import fc from 'fast-check';
import {
  checkFile,
  configFolder,
  environmentHash,
  jsonSchemaOf,
  lineOf,
  loadBoxes,
  loadEnvironment,
  parseBoxes,
  parseConfig,
  parseEnvironment,
  stateFolder,
} from '../../../src/core/environment/index.ts';
import { realFiles } from '../../../src/core/system/index.ts';

const GOOD = 'name: x\nrun: python train.py\nobjective: { metric: val_loss, goal: minimize }\n';

/** `line:path message` of every problem. */
function problems(text: string, kind: 'research' | 'boxes' | 'config' = 'research'): string[] {
  return checkFile(kind, text, 'f.yaml').map((one) => `${one.line}:${one.path} ${one.message}`);
}

function one(text: string, kind: 'research' | 'boxes' | 'config' = 'research'): string {
  const [only, ...more] = problems(text, kind);
  assert.deepEqual(more, []);
  return only ?? '';
}

describe('research.yaml', () => {
  it('of the quickstart is right', async () => {
    const loaded = await loadEnvironment(realFiles, path.resolve('examples/quickstart'));
    assert.ok(loaded.ok, JSON.stringify(loaded));
    assert.equal(loaded.value.objective.metric, 'val_loss');
    assert.deepEqual(loaded.value.seed, { env: 'SEED' });
    assert.deepEqual(loaded.value.resources, { gpus: 0, timeout: '5m' });
  });

  it('fills in what is not written', () => {
    const loaded = parseEnvironment(GOOD, 'f.yaml');
    assert.ok(loaded.ok);
    assert.deepEqual(loaded.value.editable, ['**']);
    assert.deepEqual(loaded.value.resources, { gpus: 1, timeout: '1h' });
    assert.equal(loaded.value.objective.summary, 'last');
  });

  it('that is not there is missing, not broken', async () => {
    const loaded = await loadEnvironment(realFiles, path.resolve('examples'));
    assert.ok(!loaded.ok && loaded.missing);
  });

  it('says of each link on its line what is wrong with it', () => {
    const text = `${GOOD}links:\n  data: datasets/fineweb\n  ../up: /data\n  ok: /data/with spaces\n`;
    const [relative = '', outside = ''] = problems(text);
    assert.match(relative, /^5:links\.data .*expected an absolute path on the box, such as \/datasets\/fineweb/);
    assert.match(outside, /^6:.*expected a path inside the repository/);
    assert.equal(problems(text).length, 2);
    assert.equal(lineOf(text, ['links', 'ok']), 7);
    assert.equal(lineOf(text, ['links', 'none']), undefined);
  });

  it('with broken YAML tells the line and what to do', () => {
    assert.match(one('name: x\n\trun: y\n'), /^2: .*Tabs.*Indent with spaces/);
    assert.match(one('name: a\nname: b\n'), /^2: .*unique.*Remove one/);
    assert.match(one(`${GOOD}editable: [*.py]\n`), /^4: .*starts with \* needs quotes/);
    assert.match(one('run:\nname: "\\d"\n'), /^2: .*single quotes/);
    assert.match(one('name: [a\n'), /not YAML.*end with a \]/);
    assert.match(one(`${GOOD}---\nname: b\n`), /not YAML.*one document/);
    assert.match(one(''), /^1: The file is empty; expected/);
  });

  it('with an unknown key names the one that was meant, or all there are', () => {
    assert.match(one(`${GOOD}metircs: []\n`), /^4:metircs Unknown key `metircs`\. Did you mean `metrics`\?/);
    assert.match(one(`${GOOD}zzzz: 1\n`), /Known keys here: name, brief, .*seed/);
    assert.match(one(`${GOOD}metrics:\n  - { fiel: a, file: b }\n`), /^5:metrics\[0\]\.fiel .*mean `file`/);
  });

  it('with a missing key points at its parent and says what belongs there', () => {
    assert.match(one('name: x\nrun: y\n'), /^1:objective `objective` is missing: .*metric: …, goal: …/);
    assert.match(one('name: x\nrun: y\nobjective:\n  metric: a\n'), /^3:objective\.goal .*minimize or maximize/);
  });

  it('with a wrong value says what stands there and what was expected', () => {
    assert.match(
      one(GOOD.replace('minimize', 'smaller')),
      /^3:objective\.goal .*'smaller'; expected minimize or maximize/,
    );
    assert.match(one(GOOD.replace('run: python train.py', 'run:')), /^2:run `run` is empty; expected a text/);
    assert.match(one(`${GOOD}env: { A: 1 }\n`), /^4:env\.A .*number 1; expected a text.*'1'/);
    assert.match(one(`${GOOD}env: { b-c: x }\n`), /^4:env\.b-c .*variable name/);
    assert.match(one(`${GOOD}editable: '*.py'\n`), /\['\*\.py'\]/);
    assert.match(one(`${GOOD}resources: { timeout: soon }\n`), /30m/);
    assert.match(one(`${GOOD}seed: maybe\n`), /\{ env: … \}, \{ flag: … \} or none/);
  });

  it('with a pattern that cannot work points at it', () => {
    const metrics = `${GOOD}metrics:\n  - 'loss (?<loss>\\d+)'\n  - '(a'\n  - 'loss: \\d+'\n  - 'step (?<step>\\d+)'\n`;
    const [broken, nameless, onlyStep, ...more] = problems(metrics);
    assert.match(broken ?? '', /^6:metrics\[1\] .*not a regular expression/);
    assert.match(nameless ?? '', /^7:metrics\[2\] .*named group/);
    assert.match(onlyStep ?? '', /^8:metrics\[3\] .*named group/);
    assert.deepEqual(more, []);
  });

  it('of any text at all is an answer, never an exception, and every problem lies in the file', () => {
    const line = fc.constantFrom(
      'name: x',
      'run:',
      '  - a',
      '{',
      'a: &b',
      ' *b',
      "'",
      '!!int x',
      '? [1]',
      '---',
      'env: {1: 2}',
      '<<: *a',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(line).map((lines) => lines.join('\n')),
        ),
        (text) => {
          for (const problem of checkFile('research', text, 'f')) {
            assert.ok(
              problem.line >= 1 && problem.line <= text.split(/\r\n|\r|\n/).length + 1,
              JSON.stringify(problem),
            );
            assert.ok(problem.message.length > 10);
          }
        },
      ),
    );
  });

  it('does not blow up on aliases of aliases', () => {
    const bomb = [
      'a0: &a0 [x]',
      ...Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}]`),
    ];
    assert.match(problems(bomb.join('\n'))[0] ?? '', /not YAML|Unknown key/);
  });
});

describe('boxes.yaml and config.yaml', () => {
  it('tell unknown kinds, doubled names and misspelt keys', () => {
    assert.match(one('boxes:\n  - { name: a, kind: locl }\n', 'boxes'), /^2:boxes\[0\]\.kind .*local, ssh or slurm/);
    assert.match(
      one('boxes:\n  - { name: a, kind: local }\n  - { name: a, kind: local }\n', 'boxes'),
      /^3:.*two boxes/,
    );
    assert.match(one('boxes:\n  - { name: a, kind: ssh }\n', 'boxes'), /`boxes\[0\]\.host` is missing/);
    assert.match(one('models: { idator: x }\n', 'config'), /mean `ideator`/);
  });

  it('are read, an empty config as all defaults', async () => {
    const boxes = parseBoxes('boxes:\n  - { name: here, kind: local }\n', 'f');
    assert.ok(boxes.ok && boxes.value[0]?.name === 'here');
    const config = parseConfig('', 'f');
    assert.ok(config.ok && config.value.models.base_url === 'https://api.openai.com/v1');
    const missing = await loadBoxes(realFiles, path.resolve('examples'));
    assert.ok(!missing.ok && missing.missing);
  });

  it('lie where the system keeps such files', () => {
    const unix = { env: {}, home: '/home/ada', platform: 'linux' } as const;
    assert.equal(configFolder(unix), '/home/ada/.config/research-copilot');
    assert.equal(stateFolder(unix), '/home/ada/.local/state/research-copilot');
    assert.equal(configFolder({ ...unix, env: { XDG_CONFIG_HOME: '/x' } }), '/x/research-copilot');
    assert.equal(configFolder({ ...unix, env: { XDG_CONFIG_HOME: 'relative' } }), '/home/ada/.config/research-copilot');
    const windows = { env: { APPDATA: 'C:\\R' }, home: 'C:\\U', platform: 'win32' } as const;
    assert.equal(configFolder(windows), 'C:\\R\\research-copilot');
    assert.equal(stateFolder(windows), 'C:\\U\\AppData\\Local\\research-copilot');
  });
});

describe('the environment hash', () => {
  const hash = (text: string) => {
    const loaded = parseEnvironment(text, 'f');
    assert.ok(loaded.ok, JSON.stringify(loaded));
    return environmentHash(loaded.value);
  };

  it('changes with what decides a result, and with nothing else', () => {
    const base = hash(GOOD);
    assert.match(base, /^[0-9a-f]{64}$/);
    assert.equal(hash(`${GOOD}brief: other words\nsmoke: ./check\n# a comment\n`), base);
    assert.equal(hash('objective: { goal: minimize, metric: val_loss }\nrun: python train.py\nname: x\n'), base);
    assert.notEqual(hash(GOOD.replace('train.py', 'train.py --fast')), base);
    assert.notEqual(hash(`${GOOD}env: { A: b }\n`), base);
    assert.equal(hash(`${GOOD}env: { A: b, C: d }\n`), hash(`${GOOD}env: { C: d, A: b }\n`));
  });
});

describe('the JSON Schema for editors', () => {
  it('asks only for what a person must write', () => {
    assert.deepEqual(jsonSchemaOf('research').required, ['name', 'run', 'objective']);
    assert.ok(jsonSchemaOf('boxes').properties?.boxes);
    assert.equal(jsonSchemaOf('config').required, undefined);
  });
});
