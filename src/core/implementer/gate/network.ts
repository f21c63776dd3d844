import type { Finding } from '../../domain/index.ts';
import type { Texts } from '../types.ts';
import { codeLines, type FileChange, type FileKind, fileKind, inCall, MOST_LINE } from './changed.ts';
import { type Import, importsIn } from './python-imports.ts';

interface Use {
  readonly name: string;
  /** What a line of code, or of a command, looks like; else `name` is a module that it imports. */
  readonly pattern?: RegExp;
  /** `error`: it opens a connection, or installs. */
  readonly severity: 'error' | 'warning';
}

/**
 * What reaches out of the box. A program that opens a connection or installs something is refused. A library that may
 * fetch or report, and need not (a cache, an offline mode), is a warning: whether it may is the person's to say.
 */
const MODULES: readonly Use[] = [
  ...['requests', 'urllib.request', 'urllib3', 'httpx', 'aiohttp', 'http.client', 'ftplib', 'smtplib', 'paramiko'],
  ...['websocket', 'websockets', 'boto3', 'xmlrpc.client', 'pycurl', 'gdown', 'asyncssh', 'pip._internal'],
].map((name): Use => ({ name, severity: 'error' }));
const PYTHON: readonly Use[] = [
  ...MODULES,
  { name: 'socket', severity: 'warning' },
  { name: 'urlopen', pattern: /\burl(?:open|retrieve)\s*\(/, severity: 'error' },
  { name: 'pip.main', pattern: /\bpip(?:\._internal)?\.main\s*\(/, severity: 'error' },
  { name: 'wandb.init', pattern: /\bwandb\.(?:init|login)\s*\(/, severity: 'warning' },
  { name: 'from_pretrained', pattern: /\.from_pretrained\s*\(/, severity: 'warning' },
  { name: 'load_dataset', pattern: /\bload_dataset\s*\(/, severity: 'warning' },
  { name: 'Hugging Face download', pattern: /\b(?:snapshot_download|hf_hub_download)\s*\(/, severity: 'warning' },
  { name: 'torch.hub', pattern: /\btorch\.hub\.\w+\s*\(|\bload_state_dict_from_url\s*\(/, severity: 'warning' },
  { name: 'download=True', pattern: /\bdownload\s*=\s*True\b/, severity: 'warning' },
  { name: 'nltk.download', pattern: /\bnltk\.download\s*\(/, severity: 'warning' },
];
const ADDRESS: Use = { name: 'an address that is read', severity: 'warning' };
const ADDRESSED = /["'\s=]https?:\/\/(?!localhost\b|127\.|0\.0\.0\.0)/;
const READS = /\b\w{0,40}(?:read|fetch|download|load|open|url)\w{0,40}\s{0,4}\(/;
const BY_NAME = /\b(?:__import__|import_module)\s{0,4}\(\s{0,20}["']([\w.]{1,100})["']/;
/** Commands, in a shell script or in a text that Python hands to a shell. */
const COMMANDS: readonly Use[] = [
  { name: 'curl', pattern: /(?:^|[\s;&|("'`])curl["',\s]+\S/, severity: 'error' },
  { name: 'wget', pattern: /(?:^|[\s;&|("'`])wget["',\s]+\S/, severity: 'error' },
  { name: 'pip install', pattern: /\bpip3?["',\s]{1,6}install\b/, severity: 'error' },
  { name: 'install', pattern: /\b(?:uv|conda|mamba|apt|apt-get|npm)["',\s]{1,6}(?:add|install)\b/, severity: 'error' },
  { name: 'git clone', pattern: /\bgit["',\s]{1,6}(?:clone|fetch|pull|push)\b/, severity: 'error' },
  { name: 'ssh', pattern: /(?:^|[\s;&|("'`])(?:ssh|scp|rsync|nc)["',\s]+[\w-]+@?/, severity: 'error' },
];
/** The same words where it is not seen that anything runs them. */
const NAMED: readonly Use[] = COMMANDS.map((one) => ({ ...one, severity: 'warning' }));
const RUNS_COMMAND =
  '\\b(?:os\\.system|os\\.popen|subprocess|check_call|check_output|Popen|create_subprocess_\\w+|sh\\.)\\b';
/** What of these modules runs a command. */
const RUNNERS: Readonly<Record<string, RegExp>> = {
  subprocess: /^(?:run|call|getoutput|getstatusoutput|check_call|check_output|Popen)$/,
  os: /^(?:system|popen|exec\w{1,4}|spawn\w{1,4})$/,
  asyncio: /^create_subprocess_\w+$/,
};
/** A text, or the first of a list, that begins like a command and is given a name. */
const KEPT =
  /^\s{0,200}[\w.]{1,100}\s{0,20}(?::\s{0,4}\w{1,20}\s{0,4})?\+?=\s{0,20}[([]?\s{0,20}f?["']{1,3}\s{0,20}(?:(?:python3?["',\s]{1,6}-m["',\s]{1,6})?pip3?["',\s]{1,6}install\b|(?:curl|wget)["',\s]{1,6}(?:-|https?:|\{))/;
const OFFLINE = /\bmode\s*=\s*["'](?:offline|disabled)["']/;

/** A file, read once. */
interface Reading {
  readonly kind: FileKind;
  /** Lines as code. */
  readonly lines: readonly string[];
  readonly imports: readonly Import[];
  /** What runs a command, by the names that this file gives it. */
  readonly runs: RegExp;
  /** Whether anything does. */
  readonly running: boolean;
}

function readingOf(text: string, kind: FileKind): Reading {
  const lines = codeLines(text, kind);
  const imports = kind.python ? importsIn(lines) : [];
  const names = imports.flatMap(({ module, names: taken = [], as }) => {
    const runner = RUNNERS[module];
    if (!runner) return [];
    if (module === 'subprocess' && as !== undefined) return [`\\b${as}\\.`];
    const all = taken.some(([name]) => name === '*') ? ['run', 'call', 'system', 'popen', 'getoutput'] : [];
    const called = [...taken.flatMap(([name, given]) => (runner.test(name) ? [given] : [])), ...all];
    return called.map((name) => `(?<![\\w.])${name}\\s{0,4}\\(`);
  });
  const runs = new RegExp([RUNS_COMMAND, ...new Set(names)].join('|'));
  const running = kind.python && lines.some((one) => runs.test(one.slice(0, MOST_LINE)));
  return { kind, lines, imports, runs, running };
}

/** Uses of the network that no file of the base has, each kind once a file, on the line that brings it. */
export function checkNetwork(files: Texts, changed: readonly FileChange[]): Finding[] {
  const findings: Finding[] = [];
  let base: readonly Use[] | undefined;
  for (const change of changed) {
    if (change.after === null || !(change.python || change.shell)) continue;
    const reading = readingOf(change.after, change);
    const seen = new Set<string>();
    for (const { line, text } of change.added) {
      for (const use of usesOf(reading, line, text)) {
        base ??= usesOfAll(files);
        if (seen.has(use.name) || isKnown(use, base)) continue;
        seen.add(use.name);
        const what = use.severity === 'error' ? 'which reaches the network' : 'which may reach the network';
        const then =
          use.severity === 'error'
            ? 'Nothing else in this repository does; write the change without it.'
            : 'Boxes may have no way out; see that it works offline.';
        const message = `This line brings in ${use.name}, ${what}. ${then}`;
        findings.push({
          gate: 'network',
          code: 'network-added',
          path: change.path,
          line,
          message,
          severity: use.severity,
        });
      }
    }
  }
  return findings;
}

/** What is refused where it is new may not follow from what was only told. */
function isKnown(use: Use, base: readonly Use[]): boolean {
  return base.some((one) => one.name === use.name && (one.severity === 'error' || use.severity === 'warning'));
}

/** @param line 1-based; @param text that line as it is */
function usesOf(reading: Reading, line: number, text: string): readonly Use[] {
  const { kind, lines } = reading;
  const code = (lines[line - 1] ?? '').slice(0, MOST_LINE);
  if (kind.shell) return COMMANDS.filter((use) => use.pattern?.test(code));
  const short = text.slice(0, MOST_LINE);
  const modules = importedAt(reading, line);
  const named = /\b(?:__import__|import_module)\b/.test(code) ? BY_NAME.exec(short)?.[1] : undefined;
  if (named !== undefined) modules.push(named);
  const used = PYTHON.filter(({ name, pattern }) =>
    pattern ? pattern.test(code) : modules.some((one) => one === name || one.startsWith(`${name}.`)),
  );
  const read = ADDRESSED.test(short) && (READS.test(code) || inCall(lines, line, READS)) ? [ADDRESS] : [];
  return [...used, ...commandsOf(reading, line, code, short), ...read].filter(
    (use) => !(use.name === 'wandb.init' && OFFLINE.test(short)),
  );
}

function commandsOf({ lines, runs, running }: Reading, line: number, code: string, short: string): readonly Use[] {
  const found = COMMANDS.filter((use) => use.pattern?.test(short));
  if (found.length === 0) return [];
  if (runs.test(code) || inCall(lines, line, runs)) return found;
  if (!KEPT.test(short) || !code.includes('=') || /,\s*$/.test(code)) return [];
  return running ? found : NAMED.filter((use) => use.pattern?.test(short));
}

/** The modules that a line's imports bring: `from http import client` brings `http` and `http.client`. */
function importedAt({ imports }: Reading, line: number): string[] {
  const here = imports.filter((one) => one.line <= line && line <= one.endLine);
  return here.flatMap(({ module, names = [] }) => [module, ...names.map(([name]) => `${module}.${name}`)]);
}

function usesOfAll(files: Texts): readonly Use[] {
  const found = new Set<Use>();
  for (const [path, text] of files) {
    const kind = fileKind(path);
    if (!kind.python && !kind.shell) continue;
    const reading = readingOf(text, kind);
    for (const [index, plain] of text.split('\n').entries()) {
      for (const use of usesOf(reading, index + 1, plain)) found.add(use);
    }
  }
  return [...found];
}
