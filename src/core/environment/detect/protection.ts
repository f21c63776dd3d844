import type { Environment } from '../../domain/index.ts';
import { baseName, type Finding, isPython, list, type Texts } from './evidence.ts';
import type { Place } from './objective.ts';
import { regionsOf } from './regions.ts';
import { type Rule, type Rules, rulesOf } from './rules.ts';

const JUDGES =
  /^(eval(uat\w*)?|evals?|prepare\w*|data|dataset\w*|metrics?|scor(e|er|ing)|val|valid(ation|ator)?|test|\w*grader\w*|verif(y|ier)|\w*rewards?(_fns?|_func|_functions?|_model)?|judge|benchmark|eval_\w+|\w+_eval|validate|test_\w+|\w+_test|leaderboard)\.py$/;
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
/** Folders anywhere that judge: `utils/reward_score/math.py`. */
const JUDGING =
  /^(?!.*(?:^|\/)(?:docs?|examples?|third_party|vendor)\/)(.*?(?:^|\/)(?:reward_?(?:scores?|fns?|funcs?|functions?)|rewards|graders?|grading|verifiers?|scor(?:ers?|ing)|judges?|evals?|evaluat(?:ion|ors?)))\/[^/].*\.py$/;

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
  const rules = rulesOf(files);
  const names = [...files.keys()];
  const judging = names.flatMap((file) => (file.length < 500 ? (JUDGING.exec(file)?.[1] ?? []) : []));
  const folders = [
    ...DATA_FOLDERS.filter((folder) => names.some((file) => file.startsWith(`${folder}/`))),
    ...[...new Set(judging)].filter((folder) => !DATA_FOLDERS.includes(folder.split('/')[0] ?? '')),
  ];
  const judges = names.filter((file) => JUDGES.test(baseName(file)) && !SETTINGS.test(file)).sort();
  if (rules.only.length > 0) return onlyThese(rules, names, files, reported);
  const beside = judges.filter((file) => !folders.some((folder) => file.startsWith(`${folder}/`)));
  const outside = folded(beside);
  const told = rules.never.map(({ file }) => file).filter((file) => !outside.includes(file));
  const globs = [...new Set([...outside, ...told, ...folders.map((folder) => `${folder}/**`)])];
  const editable = editableOf(program, run, globs);
  const regions = regionsOf(
    program,
    reported,
    (file) =>
      !globs.includes(file) && !beside.includes(file) && !folders.some((folder) => file.startsWith(`${folder}/`)),
  );
  return {
    editable,
    ...(globs.length > 0 ? { protected: { value: globs, reason: reasonFor(outside, folders, rules.never) } } : {}),
    ...(regions ? { regions } : {}),
  };
}

/** More tests than this are named by one expression. */
const MOST_TESTS = 4;
const TESTS: readonly (readonly [RegExp, string])[] = [
  [/\/tests?\//, '**/tests/**'],
  [/(^|\/)test_\w+\.py$/, '**/test_*.py'],
  [/_test\.py$/, '**/*_test.py'],
];

/** Files, many tests of one kind by what they have in common. */
function folded(judges: readonly string[]): string[] {
  let rest = [...judges];
  const globs: string[] = [];
  for (const [kind, glob] of TESTS) {
    const own = rest.filter((file) => kind.test(file));
    if (own.length <= MOST_TESTS) continue;
    rest = rest.filter((file) => !own.includes(file));
    globs.push(
      ...new Set(own.map((file) => (/\/test\//.test(file) && glob.startsWith('**/tests') ? '**/test/**' : glob))),
    );
  }
  return [...rest, ...globs];
}

function reasonFor(judges: readonly string[], folders: readonly string[], never: readonly Rule[]): string {
  const parts = [
    judges.length > 0 ? `what a result is judged by: ${list(judges)}` : '',
    folders.length > 0 ? `data or tests: ${list(folders.map((folder) => `${folder}/`))}` : '',
    ...never.slice(0, 2).map(({ file, where }) => `${where} says to leave ${file}`),
  ];
  return parts.filter(Boolean).join('; ');
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

function editableOf(program: Texts, run: string | undefined, kept: readonly string[]): Finding<string[]> {
  const files = [...program.keys()];
  const globs = ['*.py', '**/*.py'];
  const configs = files.filter((file) => /\.ya?ml$/.test(file));
  const folders = [...new Set(configs.map((file) => (file.includes('/') ? `${file.split('/')[0]}/**` : file)))]
    .filter((folder) => !kept.includes(folder))
    .slice(0, 4);
  const shells = files.filter((file) => /\.(sh|bash)$/.test(file) && run?.includes(file));
  const more = [...folders, ...shells];
  const entry = files.find(isPython);
  const code =
    entry === undefined ? 'the code beside what the command starts' : `the code: ${entry} and what it imports`;
  return {
    value: [...globs, ...more],
    reason: more.length > 0 ? `${code}, and the settings in ${list(more)}` : code,
  };
}
