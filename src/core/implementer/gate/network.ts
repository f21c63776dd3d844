import type { Finding } from '../../domain/index.ts';
import type { Texts } from '../types.ts';
import { codeLines, type FileChange, type FileKind, fileKind, inCall, MOST_LINE } from './changed.ts';

interface Use {
  readonly name: string;
  readonly pattern: RegExp;
  readonly severity: 'error' | 'warning';
}

/** `error`: it opens a connection, or installs. */
function imported(name: string, severity: Use['severity'] = 'error'): Use {
  const module = name.replaceAll('.', '\\.');
  const pattern = new RegExp(
    `^\\s{0,80}(?:import\\s[^#\\n]{0,200}?\\b${module}\\b|from\\s+${module}(?:\\.[\\w.]{1,80})?\\s+import\\b)`,
  );
  return { name, pattern, severity };
}

/**
 * What reaches out of the box. A program that opens a connection or installs something is refused. A library that may
 * fetch or report, and need not (a cache, an offline mode), is a warning: whether it may is the person's to say.
 */
const PYTHON: readonly Use[] = [
  ...['requests', 'urllib.request', 'urllib3', 'httpx', 'aiohttp', 'http.client', 'ftplib', 'smtplib', 'paramiko'].map(
    (name) => imported(name),
  ),
  ...['websocket', 'websockets', 'boto3', 'xmlrpc.client', 'pycurl', 'gdown', 'asyncssh'].map((name) => imported(name)),
  imported('socket', 'warning'),
  { name: 'urlopen', pattern: /\burl(?:open|retrieve)\s*\(/, severity: 'error' },
  { name: 'wandb.init', pattern: /\bwandb\.(?:init|login)\s*\(/, severity: 'warning' },
  { name: 'from_pretrained', pattern: /\.from_pretrained\s*\(/, severity: 'warning' },
  { name: 'load_dataset', pattern: /\bload_dataset\s*\(/, severity: 'warning' },
  { name: 'Hugging Face download', pattern: /\b(?:snapshot_download|hf_hub_download)\s*\(/, severity: 'warning' },
  { name: 'torch.hub', pattern: /\btorch\.hub\.\w+\s*\(|\bload_state_dict_from_url\s*\(/, severity: 'warning' },
  { name: 'download=True', pattern: /\bdownload\s*=\s*True\b/, severity: 'warning' },
  { name: 'nltk.download', pattern: /\bnltk\.download\s*\(/, severity: 'warning' },
];
/** Commands, in a shell script or in a text that Python hands to a shell. */
const COMMANDS: readonly Use[] = [
  { name: 'curl', pattern: /(?:^|[\s;&|("'`])curl["',\s]+\S/, severity: 'error' },
  { name: 'wget', pattern: /(?:^|[\s;&|("'`])wget["',\s]+\S/, severity: 'error' },
  { name: 'pip install', pattern: /\bpip3?["',\s]{1,6}install\b/, severity: 'error' },
  { name: 'install', pattern: /\b(?:uv|conda|mamba|apt|apt-get|npm)["',\s]{1,6}(?:add|install)\b/, severity: 'error' },
  { name: 'git clone', pattern: /\bgit["',\s]{1,6}(?:clone|fetch|pull|push)\b/, severity: 'error' },
  { name: 'ssh', pattern: /(?:^|[\s;&|("'`])(?:ssh|scp|rsync|nc)["',\s]+[\w-]+@?/, severity: 'error' },
];
const RUNS_COMMAND = /\b(?:os\.system|os\.popen|subprocess|check_call|check_output|Popen|sh\.)\b/;
const OFFLINE = /\bmode\s*=\s*["'](?:offline|disabled)["']/;

/** Uses of the network that no file of the base has, each kind once a file, on the line that brings it. */
export function checkNetwork(files: Texts, changed: readonly FileChange[]): Finding[] {
  const findings: Finding[] = [];
  for (const change of changed) {
    if (change.after === null || !(change.python || change.shell)) continue;
    const lines = codeLines(change.after, change);
    const seen = new Set<string>();
    for (const { line, text } of change.added) {
      for (const use of usesOf(lines, line, text, change)) {
        if (seen.has(use.name) || inBase(files, use)) continue;
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

/** @param lines the file's lines as code; @param line 1-based; @param text that line as it is */
function usesOf(lines: readonly string[], line: number, text: string, kind: FileKind): readonly Use[] {
  const code = (lines[line - 1] ?? '').slice(0, MOST_LINE);
  if (kind.shell) return COMMANDS.filter((use) => use.pattern.test(code));
  const short = text.slice(0, MOST_LINE);
  const used = PYTHON.filter((use) => use.pattern.test(code));
  const commands = COMMANDS.filter((use) => use.pattern.test(short));
  const runs = commands.length > 0 && (RUNS_COMMAND.test(code) || inCall(lines, line, RUNS_COMMAND));
  return [...used, ...(runs ? commands : [])].filter((use) => !(use.name === 'wandb.init' && OFFLINE.test(short)));
}

function inBase(files: Texts, use: Use): boolean {
  for (const [path, text] of files) {
    const kind = fileKind(path);
    if (!kind.python && !kind.shell) continue;
    const lines = codeLines(text, kind);
    if (text.split('\n').some((plain, index) => usesOf(lines, index + 1, plain, kind).includes(use))) return true;
  }
  return false;
}
