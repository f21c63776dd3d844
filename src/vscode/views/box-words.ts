import type { BoxNode } from '../../core/research/index.ts';
import { clockTime, escapeMarkdown, formatBytes, formatDuration, plural } from '../format.ts';

type BoxReport = NonNullable<BoxNode['report']>;

/** A GPU's kind without its maker, which says nothing: `H100 80GB HBM3`. */
export function shortKind(name: string): string {
  return name.replace(/^NVIDIA (?:GeForce )?/, '') || name;
}

/** `2 × H100 80GB HBM3, 1 × L4`. */
export function kindsOfGpus(gpus: BoxReport['gpus']): string {
  const kinds = Map.groupBy(gpus, ({ name }) => name);
  return [...kinds].map(([name, own]) => `${own.length} × ${shortKind(name)}`).join(', ');
}

/** What is wrong, as the beginning of a line: the name of a program keeps its small letter. */
export function sentence(what: string): string {
  return /^(?:a|its?|no|only|runs|the|there|you)\b/.test(what) ? what.charAt(0).toUpperCase() + what.slice(1) : what;
}

/** What a check came to, for one message: all is well, one box's first problem whole, or the names of several. */
export function checkSummary(reports: readonly BoxReport[]): { readonly ok: boolean; readonly text: string } {
  const bad = reports.flatMap((report) => {
    const problem = report.problems.find(({ note }) => !note);
    return problem || !report.reachable ? [{ box: report.box, problem }] : [];
  });
  const [first] = bad;
  if (!first) return { ok: true, text: `${plural(reports.length, 'box', 'boxes')} ready` };
  if (bad.length > 1) {
    return {
      ok: false,
      text: `${bad.length} of ${reports.length} boxes need attention: ${bad.map(({ box }) => box).join(', ')}.`,
    };
  }
  const { what, fix } = first.problem ?? { what: 'it does not answer', fix: '' };
  const more = (reports.find(({ box }) => box === first.box)?.problems.filter(({ note }) => !note).length ?? 1) - 1;
  const others = more > 0 ? ` (and ${plural(more, 'more problem')})` : '';
  return { ok: false, text: `${first.box}: ${what.replace(/\.$/, '')}.${fix === '' ? '' : ` ${fix}`}${others}` };
}

/** How a box is, in sentences. Markdown; what the box said in it is escaped. */
export function boxTooltip(box: BoxNode): string {
  const { report } = box;
  const name = `**${escapeMarkdown(box.name)}**`;
  const state = stateSentence(box);
  if (!report) return [name, state, 'Not checked yet: Check This Box asks it.'].filter(Boolean).join('\n\n');
  const lines = [`${name} · ${escapeMarkdown(report.reachable ? report.hardware : box.where)}`, state];
  if (report.reachable) lines.push(...reportSentences(box, report));
  const seen = report.seenAt === undefined ? '' : ` GPUs and disk as of ${clockTime(report.seenAt)}.`;
  lines.push(`Checked at ${clockTime(report.checkedAt)}.${seen}`);
  return lines.filter(Boolean).join('\n\n');
}

function stateSentence(box: BoxNode): string {
  const sentences: string[] = [];
  if (box.checking) sentences.push('It is asked how it is.');
  if (box.problem !== undefined) sentences.push('It takes nothing new until you settle what it asks: Check This Box.');
  else if (box.unreachableSince !== undefined) {
    sentences.push(`It does not answer since ${clockTime(box.unreachableSince)}. What runs on it goes on.`);
  }
  if (box.givenUp) sentences.push('Given up: nothing new goes there, and what it has may run elsewhere.');
  else if (box.drained) sentences.push('Drained: nothing new goes there; what runs on it goes on.');
  if (box.running + box.waiting > 0) sentences.push(`${box.running} running, ${box.waiting} waiting.`);
  return sentences.join(' ');
}

function reportSentences(box: BoxNode, report: BoxReport): readonly string[] {
  const { latencyMs, clockSkewMs, disk, loginTools = [] } = report;
  const lines: string[] = [];
  if (latencyMs !== undefined && box.kind !== 'local') {
    const skew = clockSkewMs === undefined || Math.abs(clockSkewMs) <= latencyMs / 2 ? undefined : clockSkewMs;
    const off = skew === undefined ? '' : ` Its clock is ${ahead(skew)}.`;
    lines.push(`Answers in ${Math.round(latencyMs)} ms.${escapeMarkdown(off)}`);
  }
  if (disk) {
    const kind = disk.kind === '' ? '' : `, ${disk.kind}`;
    lines.push(
      escapeMarkdown(`${formatBytes(disk.freeBytes)} free on a ${disk.network ? 'network' : 'local'} disk${kind}.`),
    );
  }
  if (report.sandbox !== undefined && box.kind !== 'local') {
    lines.push(
      escapeMarkdown(
        report.sandbox === 'none' ? 'Runs are in no sandbox.' : `Runs are in a sandbox: ${report.sandbox}.`,
      ),
    );
  }
  const tools = Object.entries(report.tools).map(([name, version]) => `${name} ${version}`.trim());
  if (tools.length > 0) lines.push(escapeMarkdown(tools.join(', ')));
  if (loginTools.length > 0) lines.push(escapeMarkdown(`Only a login shell finds: ${loginTools.join(', ')}.`));
  return lines;
}

/** `0.2 s ahead`, `2m behind`. */
function ahead(skewMs: number): string {
  const size = Math.abs(skewMs);
  const much = size < 10_000 ? `${(size / 1000).toFixed(1)} s` : formatDuration(size);
  return `${much} ${skewMs > 0 ? 'ahead' : 'behind'}`;
}
