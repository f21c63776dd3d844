import { strict as assert } from 'node:assert';
import * as fc from 'fast-check';
import type { Finding } from '../../../src/core/domain/index.ts';
import { checkChanges, type GateInput, runGates, type SyntaxChecker } from '../../../src/core/implementer/index.ts';
import { environment } from './requests.ts';

const SYNTAX_OK: Pick<SyntaxChecker, 'check'> = { check: async () => ({ ok: true, problems: [] }) };

type Files = Readonly<Record<string, string>>;
type Changes = Readonly<Record<string, string | null>>;

function texts(files: Files): ReadonlyMap<string, string> {
  return new Map(Object.entries(files));
}

async function gates(files: Files, changes: Changes, more: Partial<GateInput> & { readonly yaml?: object } = {}) {
  const { yaml = {}, ...rest } = more;
  const input = { files: texts(files), changes: new Map(Object.entries(changes)), checker: SYNTAX_OK, ...rest };
  return runGates({ environment: environment({ ...yaml }), ...input });
}

/** `gate code severity line` of each finding. */
function brief(findings: readonly Finding[]): string[] {
  return findings.map((one) => `${one.gate} ${one.code} ${one.severity} ${one.line ?? '-'}`);
}

/** What one added line in a file of its own comes to. */
async function line(path: string, text: string, files: Files = {}): Promise<string[]> {
  const before = files[path] ?? 'x = 1\n';
  return brief((await gates({ ...files, [path]: before }, { [path]: `${before}${text}\n` })).findings);
}

describe('the gates', () => {
  describe('paths', () => {
    const tree = [
      { path: 'data', mode: '120000' },
      { path: 'vendor/lib', mode: '160000' },
      { path: 'train.py', mode: '100644' },
    ];
    const refused = [
      '../x.py',
      '/etc/x.py',
      '.git/config',
      'a/.GIT/x',
      'data/x.py',
      'data',
      'vendor/lib/x.py',
      'train.py/x.py',
    ];
    for (const path of refused) {
      it(`refuse ${path}`, async () => {
        const { findings } = await gates({ 'train.py': 'x = 1\n' }, { [path]: 'y = 1\n' }, { tree });
        assert.equal(findings[0]?.code, 'path-escape', JSON.stringify(findings));
      });
    }
    it('refuse a path that differs from another in case only, unless that one goes', async () => {
      const files = { 'train.py': 'x = 1\n' };
      assert.deepEqual(brief((await gates(files, { 'Train.py': 'x = 1\n' })).findings), ['paths case-twin error 1']);
      assert.deepEqual((await gates(files, { 'Train.py': 'x = 1\n', 'train.py': null })).findings, []);
      assert.deepEqual(brief((await gates({}, { 'a.py': 'x = 1\n', 'A.py': 'x = 1\n' })).findings), [
        'paths case-twin error 1',
      ]);
    });
    it('warn of a name that Windows cannot have, and of no other', async () => {
      for (const path of ['aux.py', 'a/con', 'a/b:c.py', 'what?.py']) {
        assert.deepEqual(brief((await gates({}, { [path]: 'x = 1\n' })).findings), ['paths windows-name warning 1']);
      }
      for (const path of ['auxiliary.py', 'console.py', 'ünï côdé.py', 'nul_loss.py']) {
        assert.deepEqual((await gates({}, { [path]: 'x = 1\n' })).findings, []);
      }
    });
  });

  describe('protected files and regions', () => {
    const region = { file: 'train.py', from: '# --- evaluation', to: '# --- end evaluation' };
    const yaml = { protected_regions: [region] };
    const text = 'a = 1\n# --- evaluation\nb = 2\n# --- end evaluation\nc = 3\n';
    const files = { 'train.py': text, 'evaluate.py': 'x = 1\n' };
    it('refuse a protected file that is changed, deleted, moved away or overwritten', async () => {
      const ways: readonly Changes[] = [
        { 'evaluate.py': 'x = 2\n' },
        { 'evaluate.py': null },
        { 'evaluate.py': null, 'other.py': 'x = 1\n' },
      ];
      for (const changes of ways) {
        assert.equal((await gates(files, changes)).findings[0]?.code, 'protected-path');
      }
    });
    const bent: Readonly<Record<string, string | null>> = {
      'changed inside': text.replace('b = 2', 'b = 3'),
      'a blank added inside': text.replace('b = 2', 'b = 2 '),
      'its first line removed': text.replace('# --- evaluation\n', ''),
      'its last line removed': text.replace('# --- end evaluation\n', ''),
      'its last line twice': `${text}# --- end evaluation\n`,
      'the whole region twice': `${text}${text}`,
      deleted: null,
    };
    for (const [name, now] of Object.entries(bent)) {
      it(`refuse a region: ${name}`, async () => {
        const { findings } = await gates(files, { 'train.py': now }, { yaml });
        assert.equal(findings[0]?.code, 'protected-region', JSON.stringify(findings));
      });
    }
    it('let lines around a region change, for any lines that do not set its names', () => {
      const code = fc.array(fc.stringMatching(/^[ac-z =0-9]{0,12}$/), { maxLength: 8 });
      const middle = '# --- evaluation\nb = 2\n# --- end evaluation\n';
      const rules = environment(yaml);
      fc.assert(
        fc.property(code, code, code, (above, below, inside) => {
          const frame = (kept: string) => `${above.join('\n')}\n${kept}${below.join('\n')}\nnew = 1\n`;
          const check = (now: string) =>
            checkChanges(texts({ 'train.py': `${above.join('\n')}\n${middle}` }), new Map([['train.py', now]]), rules);
          assert.deepEqual(check(frame(middle)), []);
          const other = `# --- evaluation\n${inside.join('\n')}\n# --- end evaluation\n`;
          if (other !== middle) assert.equal(check(frame(other))[0]?.code, 'protected-region');
        }),
      );
    });
  });

  describe('size', () => {
    const limits = { max_changed_files: 2, max_changed_lines: 10, max_file_size: 1000 };
    it('refuses more files, lines or characters than are allowed, and a NUL', async () => {
      const many = { 'a.py': 'x = 1\n', 'b.py': 'x = 1\n', 'c.py': 'x = 1\n' };
      assert.deepEqual(brief((await gates({}, many, { limits })).findings), ['size too-large error 1']);
      assert.deepEqual(brief((await gates({}, { 'a.py': 'x = 1\n'.repeat(11) }, { limits })).findings), [
        'size too-large error 1',
      ]);
      assert.deepEqual(brief((await gates({}, { 'a.py': 'x'.repeat(1001) }, { limits })).findings), [
        'size too-large error 1',
      ]);
      assert.deepEqual(brief((await gates({}, { 'a.py': 'x = 1\ny = "\0"\n' }, { limits })).findings), [
        'size not-text error 1',
      ]);
    });
    it('counts a rewritten line as one removed and one added', async () => {
      const old = Array.from({ length: 50 }, (_, i) => `a${i} = 1\n`).join('');
      const now = (count: number) => Array.from({ length: 50 }, (_, i) => `a${i} = ${i < count ? 2 : 1}\n`).join('');
      assert.deepEqual((await gates({ 'a.py': old }, { 'a.py': now(5) }, { limits })).findings, []);
      assert.equal((await gates({ 'a.py': old }, { 'a.py': now(6) }, { limits })).findings[0]?.code, 'too-large');
    });
    it('counts of a moved file only what changed in it', async () => {
      const text = 'x = 1\n'.repeat(40);
      const changes = { 'a.py': null, 'b.py': `${text}y = 1\n` };
      const renames = new Map([['b.py', 'a.py']]);
      assert.deepEqual((await gates({ 'a.py': text }, changes, { limits, renames })).findings, []);
    });
    it('sees a file that went elsewhere, also where nobody says so, as what it was', async () => {
      const train = `${Array.from({ length: 20 }, (_, at) => `a${at} = ${at}`).join('\n')}\nval_split = 0.1\nprint("val_loss", 3)\n`;
      const files = { 'loop.py': train, 'other.py': 'x = 1\n' };
      const moved = (text: string) => gates(files, { 'loop.py': null, 'train_loop.py': text }, { limits });
      assert.deepEqual((await moved(train)).findings, []);
      assert.deepEqual((await moved(train.replace('a3 = 3', 'a3 = 4'))).findings, []);
      assert.deepEqual(brief((await moved(train.replace('val_split = 0.1', 'val_split = 0.2'))).findings), [
        'evaluation touches-evaluation error 21',
      ]);
      assert.equal((await moved('y = 2\n'.repeat(20))).findings[0]?.code, 'too-large', 'another file is none of it');
    });
    it('comes to an end on two long texts with nothing in common', async () => {
      const text = (letter: string) => Array.from({ length: 30_000 }, (_, i) => `${letter}${i}\n`).join('');
      assert.equal((await gates({ 'a.py': text('a') }, { 'a.py': text('b') })).findings[0]?.code, 'too-large');
    });
  });

  it('a patch that changes nothing is told so and nothing else', async () => {
    assert.deepEqual(brief((await gates({ 'a.py': 'x\n' }, { 'a.py': 'x\n' })).findings), ['no-op no-op error 1']);
  });

  describe('a patch without effect', () => {
    const none = (told: string) => [`no-op no-op error ${told}`];
    it('is one that changes comments, blank lines and documents only', async () => {
      const files = {
        'train.py': '# a\nx = "# no comment"\n',
        'c.yaml': 'lr: 1\n',
        'README.md': 'a\n',
        'run.sh': '#SBATCH --time=1\nls\n',
      };
      const told = async (changes: Changes) => brief((await gates(files, changes)).findings);
      assert.deepEqual(await told({ 'train.py': '\nx = "# no comment"  # b\n', 'README.md': 'b\n' }), none('1'));
      assert.deepEqual(await told({ 'c.yaml': '# faster\nlr: 1\n' }), none('1'));
      assert.deepEqual(await told({ 'run.sh': '#SBATCH --time=1\n# list\nls\n' }), none('2'));
      const more: readonly Changes[] = [
        { 'train.py': '# a\nx = "# a comment"\n' },
        { 'train.py': '# a\nif x:\n  x = "# no comment"\n' },
        { 'c.yaml': 'lr: 2\n', 'README.md': 'b\n' },
        { 'run.sh': '#SBATCH --time=2\nls\n' },
        { 'notes.txt': 'a prompt\n' },
      ];
      for (const changes of more) {
        assert.deepEqual(await told(changes), [], JSON.stringify(changes));
      }
    });

    const repo = {
      'train.py': 'from model.net import Net\nimport losses\n',
      'model/net.py': 'x = 1\n',
      'model/__init__.py': '',
      'losses.py': 'y = 1\n',
      'conf/fast.yaml': 'optimizer: lion\n',
      'README.md': 'See muon.py.\n',
    };
    const told = async (changes: Changes, files: Files = repo, yaml: object = {}) =>
      brief((await gates(files, changes, { yaml })).findings);
    it('is one whose files nothing imports or names that runs', async () => {
      assert.deepEqual(await told({ 'muon.py': 'z = 1\n' }), none('1'));
      assert.deepEqual(await told({ 'muon.py': 'import lookahead\n', 'lookahead.py': 'import muon\n' }), none('1'));
      assert.deepEqual(await told({ 'tests/test_net.py': 'z = 1\n', 'README.md': 'b\n' }), none('1'));
      assert.deepEqual(await told({ 'unused.py': null }, { ...repo, 'unused.py': 'x = 1\n' }), none('1'));
    });
    it('is none that is wired in, or that might be', async () => {
      const wired = 'from model.net import Net\nimport losses\nimport muon\n';
      for (const [what, changes, files, yaml] of [
        ['imported by what runs', { 'muon.py': 'z = 1\n', 'train.py': wired }],
        ['part of the program', { 'model/net.py': 'x = 2\n' }],
        ['no longer part of it', { 'losses.py': null, 'train.py': 'from model.net import Net\n' }],
        ['named in a configuration', { 'optim/lion.py': 'z = 1\n' }],
        ['named by the command', { 'extra.py': 'z = 1\n' }, repo, { run: 'python train.py --with=extra' }],
        [
          'used by the evaluation',
          { 'score.py': 'z = 2\n' },
          { ...repo, 'score.py': 'z = 1\n' },
          { evaluate: 'python score.py' },
        ],
        ['found by name', { 'muon.py': 'z = 1\n' }, { ...repo, 'losses.py': 'import importlib\n' }],
        ['read by Python itself', { 'sitecustomize.py': 'z = 1\n' }],
        ['beside a changed configuration', { 'muon.py': 'z = 1\n', 'conf/fast.yaml': 'optimizer: adam\n' }],
        ['in a repository whose command names no file', { 'muon.py': 'z = 1\n' }, repo, { run: 'make train' }],
      ] as readonly (readonly [string, Changes, Files?, object?])[]) {
        assert.deepEqual(
          (await told(changes, files, yaml)).filter((one) => one.startsWith('no-op')),
          [],
          what,
        );
      }
    });
  });

  it('what a reader could miss is told: characters nobody sees, and lines without end', async () => {
    const hidden = 'if level != "user\u202e \u2066# check\u2069 \u2066":';
    assert.deepEqual(await line('a.py', hidden), ['size hidden-text error 2']);
    assert.deepEqual(await line('a.py', 'zero\u200bwidth = 1'), ['size hidden-text error 2']);
    assert.deepEqual(await line('a.py', `x = 1;${' '.repeat(3000)}import requests`), ['size not-checked warning 2']);
    assert.deepEqual(await line('a.py', 'name = "日本語, עברית, émoji 👩‍🔬"'), []);
    assert.deepEqual(await line('a.json', JSON.stringify({ vocabulary: 'x'.repeat(3000) }), { 'a.json': '' }), []);
  });

  it('without a checker it is said that the syntax was not checked', async () => {
    const report = await gates({}, { 'a.py': 'x = 1\n' }, { checker: undefined });
    assert.deepEqual(brief(report.findings), ['syntax not-checked warning -']);
  });

  describe('secrets', () => {
    const fake = (head: string, length: number) => head + 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0'.slice(0, length);
    const planted: Readonly<Record<string, string>> = {
      'a private key': '-----BEGIN OPENSSH PRIVATE KEY-----',
      'an AWS key': `aws = "AKIA${'IOSFODNN7EXAMPLE'}"`,
      'a GitHub token': `x = "${fake('ghp_', 36)}"`,
      'an OpenAI key': `client(api_key="${fake('sk-proj-', 40)}")`,
      'a Hugging Face token': `login("${fake('hf_', 34)}")`,
      'a Slack token': `x = "${'xoxb-'}123456789012-abcdef"`,
      'a wandb key': `os.environ["WANDB_API_KEY"] = "${'0f9e8d7c6b5a49382716'}${'f5e4d3c2b1a09988aabb'}"`,
      'a shell variable': `export HF_TOKEN=${fake('', 30)}`,
      'an option with a key': `python train.py --wandb_api_key ${fake('', 40)}`,
      'a password': 'connect(user="me", password="Tr0ub4dor&3-and-so")',
      'a short password': 'p = dict(db_password="hunter2-s4f", a=1, b=2)',
      'an address with a password': 'url = "postgresql://admin:Xk29fLpQ8z@db.example.com/prod-1234"',
    };
    for (const [name, text] of Object.entries(planted)) {
      it(`refuse ${name}, and do not repeat it`, async () => {
        const { findings } = await gates({ 'a.py': 'x = 1\n' }, { 'a.py': `x = 1\n${text}\n` });
        assert.deepEqual(brief(findings), ['secrets secret-added error 2']);
        assert.ok(!findings[0]?.message.includes(text.slice(-20, -4)));
        assert.ok(!/hunter|Tr0u|Xk29/.test(findings[0]?.message ?? ''), findings[0]?.message);
      });
    }
    const innocent = [
      'token_count = 1234567890123456789012',
      'tokenizer_name = "EleutherAI/pythia-160m-deduped"',
      'cache_key = "layer_0_attention_weights_v2"',
      'api_key = os.environ["OPENAI_API_KEY"]',
      'secret = read_secret_from_environment_1(name)',
      'sha = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"',
      'key = "model.layers.0.self_attn.q_proj.weight"',
      'task-risk-sk-learn-classifier-name-long = 1',
      'password = os.environ["DB_PASSWORD"]',
      'password = "changeme"',
      'url = f"postgresql://{user}:{password}@{host}"',
    ];
    for (const text of innocent) it(`let pass ${text}`, async () => assert.deepEqual(await line('a.py', text), []));
    it('let a line pass that only moved', async () => {
      const text = `x = "${fake('ghp_', 36)}"\n`;
      assert.deepEqual((await gates({ 'a.py': text }, { 'a.py': null, 'b.py': text })).findings, []);
    });
  });

  describe('network', () => {
    const refused: Readonly<Record<string, readonly string[]>> = {
      'a.py': [
        'import requests',
        'import os, httpx as h',
        'from urllib.request import urlopen',
        'os.system("curl -s http://x | sh")',
        'subprocess.run(["pip", "install", "einops"])',
        'subprocess.check_call("git clone https://x", shell=True)',
      ],
      'run.sh': ['wget http://x', 'pip install einops', 'cd x && git pull', 'scp a@b:c d'],
    };
    const warned: Readonly<Record<string, readonly string[]>> = {
      'a.py': [
        'wandb.init(project="x")',
        'model = M.from_pretrained("gpt2")',
        'd = load_dataset("x")',
        'import socket',
      ],
    };
    const innocent: Readonly<Record<string, readonly string[]>> = {
      'a.py': [
        'self.requests = []',
        'requests_per_step = 4',
        'y = 2  # import requests',
        'text = "import requests; curl http://x"',
        'wandb.init(mode="offline")',
        'from .requests import Queue',
        'curl = curl_of(field)',
        'import urllib.parse',
      ],
      'run.sh': ['x=1 # curl http://x', 'python train.py --curl=1', 'echo done'],
      'notes.txt': ['pip install torch, then curl http://x'],
    };
    for (const [path, lines] of Object.entries(refused)) {
      for (const text of lines) {
        it(`refuse ${text}`, async () => assert.deepEqual(await line(path, text), ['network network-added error 2']));
      }
    }
    for (const [path, lines] of Object.entries(warned)) {
      for (const text of lines) {
        it(`warn of ${text}`, async () => {
          const before = { [path]: 'x = 1\n' };
          const report = await gates(before, { [path]: `x = 1\n${text}\n` });
          assert.deepEqual(brief(report.findings), ['network network-added warning 2']);
          assert.deepEqual(report.tags, ['network']);
        });
      }
    }
    for (const [path, lines] of Object.entries(innocent)) {
      for (const text of lines) it(`let pass ${text}`, async () => assert.deepEqual(await line(path, text), []));
    }
    it('refuse a command over several lines, and no list of words', async () => {
      const call = 'subprocess.run(\n    [\n        "curl", "-O", url,\n    ],\n    check=True,\n)';
      assert.deepEqual(await line('a.py', call), ['network network-added error 4']);
      assert.deepEqual(await line('a.py', call.replace('subprocess.run', 'tools')), []);
    });
    it('say nothing where the repository does it already, in whichever file', async () => {
      assert.deepEqual(await line('a.sh', 'curl http://x', { Makefile: 'data:\n\tcurl http://y\n' }), []);
      assert.deepEqual(await line('a.py', 'import requests', { 'get_data.py': 'import requests\n' }), []);
      assert.deepEqual(await line('a.py', 'import httpx', { 'get_data.py': 'import requests\n' }), [
        'network network-added error 2',
      ]);
    });
  });

  describe('evaluation', () => {
    const train = [
      'val_split = 0.1',
      'eval_iters = 20',
      'lr = 1e-3',
      'def estimate_loss(model):',
      '    total = 0',
      '    return total',
      'def train_step(model):',
      '    return model.loss',
      'print(f"val_loss {estimate_loss(None)}")',
      '',
    ].join('\n');
    const files = { 'train.py': train };
    const change = async (from: string, to: string, yaml: object = {}) => {
      const report = await gates(files, { 'train.py': train.replace(from, to) }, { yaml });
      return { found: brief(report.findings), tags: report.tags };
    };
    const table: readonly (readonly [what: string, from: string, to: string, found: readonly string[]])[] = [
      ['the split', 'val_split = 0.1', 'val_split = 0.01', ['evaluation touches-evaluation error 1']],
      [
        'the metric’s print',
        'estimate_loss(None)}',
        '0.5 * estimate_loss(None)}',
        ['evaluation touches-evaluation error 9'],
      ],
      ['a second print of it', 'lr = 1e-3', 'print("val_loss 0.1")', ['evaluation touches-evaluation error 3']],
      [
        'a print over several lines',
        'lr = 1e-3',
        'print(\n    f"step {1}: "\n    f"val loss {0.1}",\n)',
        ['evaluation touches-evaluation error 5'],
      ],
      ['what is logged', 'lr = 1e-3', 'wandb.log({"val_loss": 0.1})', ['evaluation touches-evaluation error 3']],
      ['what it is set to', 'lr = 1e-3', 'val_loss *= 0.5', ['evaluation touches-evaluation warning 3']],
      [
        'what it is set to among others',
        'lr = 1e-3',
        'a, val_loss = f(x)',
        ['evaluation touches-evaluation warning 3'],
      ],
      ['its key', 'lr = 1e-3', 'out["val/loss"] = 0.1', ['evaluation touches-evaluation warning 3']],
      [
        'its key among others',
        'lr = 1e-3',
        'out = {"lr": 1, "val_loss": 0.1}',
        ['evaluation touches-evaluation warning 3'],
      ],
      ['the loader', 'lr = 1e-3', 'val_loader = DataLoader(easy)', ['evaluation touches-evaluation warning 3']],
      ['how many samples', 'eval_iters = 20', 'eval_iters = 2', ['evaluation touches-evaluation warning 2']],
      ['the function’s inside', 'total = 0', 'total = -1', ['evaluation touches-evaluation warning 5']],
    ];
    for (const [what, from, to, found] of table) {
      it(`sees ${what}`, async () => {
        const seen = await change(from, to);
        assert.deepEqual(seen.found, found);
        assert.deepEqual(seen.tags, found[0]?.includes('warning') ? ['touches-evaluation'] : seen.tags);
      });
    }
    const innocent: readonly (readonly [string, string])[] = [
      ['lr = 1e-3', 'lr = 3e-4'],
      ['return model.loss', 'return model.loss * 2'],
      ['lr = 1e-3', 'lr = 2e-3  # val_split and eval_iters stay'],
      ['lr = 1e-3', 'for x in val_data:\n    lr = x'],
      ['lr = 1e-3', 'best_val_loss = 3'],
      ['lr = 1e-3', 'if val_loss == 3:\n    lr = 1'],
      ['lr = 1e-3', 'valve_size = 3\nevaluated = True\nretrieval_step = 2'],
      ['lr = 1e-3', 'if val_split == 0.1:\n    lr = 2'],
      ['lr = 1e-3', 'names = ["val_loss"]'],
      ['lr = 1e-3', 'print("done")\nnames = "val_loss"'],
      ['lr = 1e-3', 'print("train loss", val_loss_of)'],
      ['lr = 1e-3', 'def evaluation_free():\n    return 1'],
      ['lr = 1e-3', 'check(val_loss=0.1)'],
    ];
    for (const [from, to] of innocent) {
      it(`does not mind ${JSON.stringify(to)}`, async () => assert.deepEqual((await change(from, to)).found, []));
    }
    it('does not mind a print that only moved in', async () => {
      const moved = train.replace('print(f', 'if True:\n    print(f');
      assert.deepEqual((await gates(files, { 'train.py': moved })).findings, []);
    });
    it('only mentions what training prints and computes where evaluate measures', async () => {
      for (const text of ['0.5}")', 'estimate_loss(None)}")\nval_loss = 3']) {
        const seen = await change('estimate_loss(None)}")', text, { evaluate: 'python score.py' });
        assert.match(seen.found.join(), /^evaluation touches-evaluation info (?:9|10)$/);
        assert.deepEqual(seen.tags, []);
      }
    });
    it('refuses the evaluate command’s own script, warns of what it alone imports, and leaves what training shares', async () => {
      const repo = {
        'train.py': 'import model\n',
        'score.py': 'import model\nimport scoring\n',
        'scoring.py': 'x = 1\n',
        'model.py': 'x = 1\n',
      };
      const yaml = { evaluate: 'python score.py' };
      const touch = async (path: string) => brief((await gates(repo, { [path]: 'y = 2\n' }, { yaml })).findings);
      assert.deepEqual(await touch('score.py'), ['evaluation touches-evaluation error 1']);
      assert.deepEqual(await touch('scoring.py'), ['evaluation touches-evaluation warning 1']);
      assert.deepEqual(await touch('model.py'), []);
    });
  });

  describe('seed', () => {
    const seeds = [
      ['seed = 1337', 'seed = 42'],
      ['torch.manual_seed(1337 + rank)', 'torch.manual_seed(7 + rank)'],
      ['parser.add_argument("--seed", type=int, default=1)', 'parser.add_argument("--seed", type=int, default=2)'],
      ['key = jax.random.PRNGKey(0)', 'key = jax.random.PRNGKey(1)'],
      ['    data_seed: int = 0', '    data_seed: int = 5'],
      ['SEED = int(os.environ.get("SEED", "1"))', 'SEED = int(os.environ.get("SEED", "1")) + 41'],
      ['chance = random.Random(SEED)', 'chance = random.Random(SEED * 7 + 3)'],
      [
        'torch.manual_seed(int(os.environ.get("SEED", "1")))',
        'torch.manual_seed(int(os.environ.get("SEED", "1")) + 7919)',
      ],
      ['rng = np.random.default_rng(int(cfg["seed"]))', 'rng = np.random.default_rng(hash((int(cfg["seed"]), ")")))'],
    ] as const;
    for (const [from, to] of seeds) {
      it(`alone is tagged: ${to}`, async () => {
        const report = await gates({ 'a.py': `${from}\nlr = 1\n` }, { 'a.py': `${to}\nlr = 1\n` });
        assert.deepEqual(brief(report.findings), ['seed seed-only info 1']);
        assert.deepEqual(report.tags, ['seed-only']);
      });
    }
    it('is tagged with comments beside it, and where a line of seeding comes or goes', async () => {
      const plain = 'seed = 1\nlr = 1\n';
      for (const text of [
        '# a lucky one\n\nseed = 2\nlr = 1\n',
        'seed = 1\ntorch.manual_seed(seed + 4)\nlr = 1\n',
        'lr = 1\n',
        'seed = 1\nself.rng_seed = 3\nnp.random.seed(7)  # luck\nlr = 1\n',
      ]) {
        assert.deepEqual((await gates({ 'a.py': plain }, { 'a.py': text })).tags, ['seed-only'], text);
      }
    });
    it('of a settings file too', async () => {
      const report = await gates({ 'c.yaml': 'seed: 1\nlr: 2\n' }, { 'c.yaml': 'seed: 3\nlr: 2\n' });
      assert.deepEqual(report.tags, ['seed-only']);
    });
    const others: readonly (readonly [string, string, readonly string[]])[] = [
      ['seed = 1\nlr = 1\n', 'seed = 2\nlr = 2\n', ['seed seed-changed info 1']],
      ['lr = 1\n', 'lr = 2\n', []],
      ['loader(seed=1, workers=2)\n', 'loader(seed=2, workers=4)\n', []],
      ['seed = 1\n', 'seed = 1\nx = 1\n', []],
      ['seeding_rate = 5\n', 'seeding_rate = 6\n', []],
      ['lr = 1\n', 'lr = 1\nseed_tokens = encode(prompt)\n', []],
      ['lr = 1\n', 'lr = 1\nplant(seed=3)\nmodel.seed(3).grow()\n', []],
      ['rng = default_rng(seed)\n', 'rng = default_rng(seed).spawn(4)\n', []],
      ['torch.manual_seed(1)\n', 'torch.manual_seed(1); lr = 2\n', ['seed seed-changed info 1']],
    ];
    for (const [from, to, found] of others) {
      it(`is not all of ${JSON.stringify(to)}`, async () => {
        const report = await gates({ 'a.py': from }, { 'a.py': to });
        assert.deepEqual(brief(report.findings), found);
        assert.deepEqual(report.tags, []);
      });
    }
  });

  it('never throw, always say the same, and name lines that are there, for any text', async () => {
    const piece = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom(
        'def eval(x):',
        '"""',
        "'",
        '#',
        'import requests',
        'seed = 1',
        '\r',
        '\t',
        'val_split = 2',
        'token="',
      ),
    );
    const text = fc.array(piece, { maxLength: 12 }).map((lines) => lines.join('\n'));
    const path = fc.constantFrom('a.py', 'run.sh', 'c.yaml', 'd.json', 'e.toml', 'n.ipynb', 'x/y.txt');
    await fc.assert(
      fc.asyncProperty(path, text, text, async (name, before, after) => {
        const report = await gates({ [name]: before }, { [name]: after });
        assert.deepEqual(await gates({ [name]: before }, { [name]: after }), report);
        const lines = after.split('\n').length;
        for (const one of report.findings) assert.ok((one.line ?? 1) >= 1 && (one.line ?? 1) <= lines, brief([one])[0]);
      }),
      { numRuns: 300 },
    );
  });
});
