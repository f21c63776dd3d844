import type { Environment } from '../../domain/index.ts';
import { baseName, type Finding, isPython, list, type Texts } from './evidence.ts';
import type { Place } from './objective.ts';
import { regionsOf } from './regions.ts';

const JUDGES =
  /^(eval(uat\w*)?|evals?|prepare\w*|data|dataset\w*|metrics?|scor(e|er|ing)|\w*grader\w*|verif(y|ier)|reward(s|_fn|_functions?|_model)?|judge|benchmark|eval_\w+|\w+_eval|validate|test_\w+|\w+_test|leaderboard)\.py$/;
const DATA_FOLDERS = [
  'data',
  'datasets',
  'tests',
  'test',
  'eval',
  'evals',
  'evaluation',
  'benchmarks',
  'test_data',
  'testdata',
];
const SETTINGS = /(^|\/)(configs?|conf)\//;

/** What a patch may change and what judges it. */
export interface Protection {
  readonly editable: Finding<string[]>;
  readonly protected?: Finding<string[]>;
  readonly regions?: Finding<Environment['protected_regions']>;
}

/**
 * Files that evaluate, grade or prepare data are protected; in a file that trains and evaluates, the functions that
 * evaluate are. Where a `program.md` names the one file to edit, only that one may change.
 * @param program the files of the run command
 */
export function detectProtection(program: Texts, files: Texts, run: string | undefined, reported?: Place): Protection {
  const rules = written(files);
  const names = [...files.keys()];
  const folders = DATA_FOLDERS.filter((folder) => names.some((file) => file.startsWith(`${folder}/`)));
  const judges = names.filter((file) => JUDGES.test(baseName(file)) && !SETTINGS.test(file)).sort();
  if (rules.only.length > 0) return onlyThese(rules, names, files, reported);
  const outside = judges.filter((file) => !folders.some((folder) => file.startsWith(`${folder}/`)));
  const told = rules.never.map(({ file }) => file).filter((file) => !outside.includes(file));
  const globs = [...new Set([...outside, ...told, ...folders.map((folder) => `${folder}/**`)])];
  const editable = editableOf(program, run);
  const regions = regionsOf(
    program,
    reported,
    (file) => !globs.includes(file) && !folders.some((folder) => file.startsWith(`${folder}/`)),
  );
  return {
    editable,
    ...(globs.length > 0 ? { protected: { value: globs, reason: reasonFor(outside, folders, rules.never) } } : {}),
    ...(regions ? { regions } : {}),
  };
}

function reasonFor(judges: readonly string[], folders: readonly string[], never: readonly Rule[]): string {
  const parts = [
    judges.length > 0 ? `what a result is judged by: ${list(judges)}` : '',
    folders.length > 0 ? `data or tests: ${list(folders.map((folder) => `${folder}/`))}` : '',
    ...never.slice(0, 2).map(({ file, where }) => `${where} says to leave ${file}`),
  ];
  return parts.filter(Boolean).join('; ');
}

interface Rule {
  readonly file: string;
  readonly where: string;
}

interface Rules {
  readonly only: readonly Rule[];
  readonly never: readonly Rule[];
}

const ONLY = [
  /\b(?:only|single|sole|one)\b.{0,80}\b(?:edit|modif|chang|touch|file you)/i,
  /\b(?:edit|modify|change|touch)\w*\b.{0,80}\bonly\b/i,
  /\bonly\s+`[^`]+`/i,
  /`[^`]+`\s*(?:only|—|-|:)?.{0,40}\b(?:the file (?:you|the agent)|agent (?:edits|modifies)|you (?:edit|modify))/i,
];
const NEVER =
  /\b(?:do not|don't|never|must not|may not|cannot|can't|not to|no changes? to|not be)\b.{0,80}\b(?:edit|modif|chang|touch|alter)|\b(?:read[- ]only|fixed, do not|is fixed|off[- ]limits|frozen)\b/i;

/** What `program.md` and the README say may or may not be edited. */
function written(files: Texts): Rules {
  const only: Rule[] = [];
  const never: Rule[] = [];
  for (const [document, text] of files) {
    if (!/^(program|readme|agents|claude|task|rules|contributing)[\w-]*(\.(md|rst|txt))?$/i.test(document)) continue;
    text
      .slice(0, 100_000)
      .split('\n')
      .forEach((row, index) => {
        if (row.length > 2000) return;
        for (const sentence of row.split(/(?<=[.;!])\s+/)) {
          const named = [...sentence.matchAll(/[\w./-]+\.(?:py|sh|ya?ml|toml|json|cu|jl)\b/g)]
            .map(([name]) => name.replace(/^\.\//, ''))
            .filter((name) => files.has(name));
          const rules = named.map((file) => ({ file, where: `${document}:${index + 1}` }));
          if (NEVER.test(sentence)) never.push(...rules);
          else if (ONLY.some((expression) => expression.test(sentence))) only.push(...rules);
        }
      });
  }
  const once = (rules: readonly Rule[]) =>
    rules.filter((rule, index) => rules.findIndex(({ file }) => file === rule.file) === index);
  const kept = once(only).filter(({ file }) => !never.some((rule) => rule.file === file));
  // A rule for one file is a promise; a list of many is a description.
  return { only: kept.length <= 2 ? kept : [], never: once(never) };
}

function onlyThese({ only, never }: Rules, names: readonly string[], files: Texts, reported?: Place): Protection {
  const editable = only.map(({ file }) => file);
  const code = editable.map((file) => files.get(file) ?? '').join('\n');
  // A file that the program itself names may be what it writes.
  const rest = names
    .filter((file) => !editable.includes(file) && file !== 'research.yaml' && !file.includes('/'))
    .filter((file) => isPython(file) || !code.includes(file))
    .sort();
  const folders = [...new Set(names.filter((file) => file.includes('/')).map((file) => file.split('/')[0] ?? ''))]
    .filter((folder) => folder !== '.research' && !editable.some((file) => file.startsWith(`${folder}/`)))
    .map((folder) => `${folder}/**`);
  const globs = [...rest, ...folders];
  const because = [only[0]?.where, never[0]?.where].filter(
    (where, index, all) => where && all.indexOf(where) === index,
  );
  const regions = regionsOf(new Map(editable.map((file) => [file, files.get(file) ?? ''])), reported, () => true);
  return {
    editable: {
      value: editable,
      reason: `${only[0]?.where} says that only ${editable.length === 1 ? 'this file' : 'these files'} may be edited`,
    },
    ...(globs.length > 0
      ? { protected: { value: globs, reason: `${because.join(' and ')}: all the rest stays as it is` } }
      : {}),
    ...(regions ? { regions } : {}),
  };
}

function editableOf(program: Texts, run: string | undefined): Finding<string[]> {
  const files = [...program.keys()];
  const globs = ['*.py', '**/*.py'];
  const configs = files.filter((file) => /\.ya?ml$/.test(file));
  const folders = [...new Set(configs.map((file) => (file.includes('/') ? `${file.split('/')[0]}/**` : file)))].slice(
    0,
    4,
  );
  const shells = files.filter((file) => /\.(sh|bash)$/.test(file) && run?.includes(file));
  const more = [...folders, ...shells];
  return {
    value: [...globs, ...more],
    reason: more.length > 0 ? `the code, and the settings in ${list(more)}` : 'the code',
  };
}
