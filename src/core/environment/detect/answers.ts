import { type Environment, parseDuration } from '../../domain/index.ts';
import { scriptsNamed } from '../context.ts';
import { reached } from './commands.ts';
import type { Texts, Told } from './evidence.ts';
import { keepsFlags } from './seed.ts';

/** What a model said to what stayed open. It is not believed: each value is held against the files. */
export interface Answers {
  /** Who said it, for the reasons. */
  readonly from: string;
  readonly run?: string;
  readonly metric?: string;
  readonly goal?: 'minimize' | 'maximize';
  readonly seed?: { readonly env: string } | { readonly flag: string };
  readonly timeout?: string;
}

const LONGEST = 1000;
/** A month: nobody waits longer. */
const LONGEST_SECONDS = 30 * 86_400;

/** The command, where it starts a file of this repository in one plain line. */
export function answeredRun(open: string, answers: Answers | undefined, files: Texts): Told<string> {
  const { run, from } = answers ?? {};
  if (run === undefined) return { open };
  const command = run.trim();
  const shown = JSON.stringify(command.slice(0, 200));
  if (/[\n\r\0`]|\$\(/.test(command) || command.length > LONGEST) {
    return { open: `${open}; ${from} said ${shown}, which is no plain command` };
  }
  const named = scriptsNamed(command, [...files.keys()]);
  const made = reached(command, files);
  const missing = command
    .split(/\s+/)
    .find((word) => /^[\w./-]+\.(py|sh)$/.test(word) && !files.has(word.replace(/^\.\//, '')));
  if (missing !== undefined || (named.length === 0 && made.length === 0)) {
    const why = missing === undefined ? 'which names no file here' : `but there is no ${missing}`;
    return { open: `${open}; ${from} said ${shown}, ${why}` };
  }
  return { found: { value: command, reason: `${from} says so; it starts ${named[0] ?? made[0]}` } };
}

/** A variable or flag that the program's own text has, and that the command hands on. */
export function answeredSeed(
  open: string,
  answers: Answers | undefined,
  run: string,
  program: Texts,
  files: Texts,
): Told<Environment['seed']> {
  const { seed, from } = answers ?? {};
  if (seed === undefined) return { open };
  const name = 'env' in seed ? seed.env : seed.flag;
  const bare = name.replace(/^-+/, '').replace(/=$/, '');
  const spellings = [bare, bare.replaceAll('-', '_'), bare.split('.').at(-1) ?? bare];
  const place = /^[\w.-]{2,60}$/.test(bare) ? placeOf(program, spellings) : undefined;
  if (place === undefined)
    return { open: `${open}; ${from} said ${JSON.stringify(name.slice(0, 80))}, which the program does not have` };
  const blocked = 'flag' in seed ? keepsFlags(run, files) : undefined;
  if (blocked !== undefined) return { open: `${open}; ${from} said ${name}, but ${blocked} does not hand it on` };
  return { found: { value: seed, reason: `${from} says so; ${place} has it` } };
}

function placeOf(program: Texts, spellings: readonly string[]): string | undefined {
  for (const [file, text] of program) {
    const line = text.split('\n').findIndex((row) => spellings.some((one) => row.includes(one)));
    if (line >= 0) return `${file}:${line + 1}`;
  }
  return undefined;
}

/** A duration of at most a month. */
export function answeredTimeout(open: string, answers: Answers | undefined): Told<string> {
  const { timeout, from } = answers ?? {};
  if (timeout === undefined) return { open };
  const seconds = parseDuration(timeout) ?? 0;
  if (seconds < 1 || seconds > LONGEST_SECONDS) {
    return { open: `${open}; ${from} said ${JSON.stringify(timeout.slice(0, 40))}, which is no duration to wait for` };
  }
  return { found: { value: timeout.trim(), reason: `${from} says so; no file does` } };
}
