import * as path from 'node:path';
import { BUNDLES } from '../bundles.ts';
import { type Import, readFacts } from './facts.ts';
import { GLOBAL_POWERS, MODULE_POWERS, PACKAGE_ROOMS, ROOMS, type Room, SEAMS } from './rooms.ts';

export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** The room a file belongs to; paths are from the repository's root, with `/`. */
export function roomOf(file: string): Room | undefined {
  return ROOMS.find((room) =>
    room.owns.some((owned) => (owned.endsWith('/') ? file.startsWith(owned) : file === owned)),
  );
}

/** The entry of a bundle may be loaded by `import()` from any room that may use the room it is in: that is how heavy libraries wait. */
function isLazyEntry(target: string, found: Import): boolean {
  if (found.kind !== 'dynamic' && !found.typeOnly) return false;
  return BUNDLES.some((bundle) => bundle.entry === target);
}

function checkRoom(room: Room, target: string, found: Import): string | undefined {
  const other = roomOf(target);
  if (!other) {
    return target === 'package.json' ? undefined : `imports ${target}, which belongs to no room`;
  }
  if (other === room) return undefined;
  const typesOnly = room.usesTypesOf?.includes(other.name) ?? false;
  if (!room.uses.includes(other.name) && !typesOnly) {
    return `${room.name} may not import ${other.name} (${target}): imports run downward only`;
  }
  if (typesOnly && !found.typeOnly) return `${room.name} may import only types of ${other.name}: write import type`;
  if (other.faces !== 'any' && !other.faces.includes(target) && !isLazyEntry(target, found)) {
    return `${room.name} reaches into ${other.name}: import ${other.faces[0]}, not ${target}`;
  }
  return undefined;
}

function checkPackage(room: Room, found: Import): string | undefined {
  const builtin = found.specifier.replace(/^node:/, '');
  const power = MODULE_POWERS[builtin];
  if (power && !found.typeOnly && !room.may?.includes(power)) {
    return `${room.name} may not import ${found.specifier}: ${SEAMS[power]}`;
  }
  if (builtin === 'crypto' && !room.may?.includes('chance')) {
    const chance = found.names.find((name) => `crypto.${name}` in GLOBAL_POWERS);
    if (chance) return `${room.name} may not import ${chance}: ${SEAMS.chance}`;
  }
  const rooms = Object.entries(PACKAGE_ROOMS).find(
    ([name]) => found.specifier === name || found.specifier.startsWith(`${name}/`),
  )?.[1];
  if (rooms && !rooms.includes(room.name)) {
    return `${room.name} may not import ${found.specifier}: it belongs to ${rooms.join(', ')}`;
  }
  return undefined;
}

/**
 * What one file does against the table of rooms.
 * @param file its path from the repository's root, with `/`
 */
export function checkFile(file: string, text: string): Violation[] {
  const room = roomOf(file);
  if (!room) return [{ file, line: 1, message: 'belongs to no room: add it to scripts/architecture/rooms.ts' }];
  const facts = readFacts(file, text);
  const violations: Violation[] = facts.computed.map((line) => ({
    file,
    line,
    message: 'an import whose specifier is computed cannot be checked: name the module',
  }));
  for (const found of facts.imports) {
    const message = found.specifier.startsWith('.')
      ? checkRoom(room, path.posix.join(path.posix.dirname(file), found.specifier), found)
      : checkPackage(room, found);
    if (message) violations.push({ file, line: found.line, message });
  }
  for (const { name, line } of facts.globals) {
    const power = Object.hasOwn(GLOBAL_POWERS, name) ? GLOBAL_POWERS[name] : undefined;
    if (power && !room.may?.includes(power)) {
      violations.push({ file, line, message: `${room.name} may not use ${name}: ${SEAMS[power]}` });
    }
  }
  return violations;
}
