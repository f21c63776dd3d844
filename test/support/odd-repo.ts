import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { GitRepo } from './git-repo.ts';

interface OddFile {
  readonly name: Buffer;
  readonly mode: '100644' | '100755' | '120000' | '160000';
  /** A submodule's commit where the mode is 160000. */
  readonly bytes: Buffer;
}

const file = (name: string | Buffer, bytes: string | Buffer, mode: OddFile['mode'] = '100644'): OddFile => ({
  name: Buffer.from(name as string),
  mode,
  bytes: Buffer.from(bytes as string),
});

const ATTRIBUTES = `
*.gone export-ignore
hidden/ export-ignore
subst.txt export-subst
*.crlf text eol=crlf
*.lf text eol=lf
*.auto text=auto
*.old crlf
*.id ident
*.loud filter=upper
*.u16 text working-tree-encoding=UTF-16
*.bin filter=lfs diff=lfs merge=lfs -text
[attr]everything text eol=crlf ident filter=upper
macro.txt everything
`;

/** Everything that a checkout may get wrong, committed byte for byte. */
export const ODD_FILES: readonly OddFile[] = [
  file('.gitattributes', ATTRIBUTES),
  file('deep/.gitattributes', '* text eol=crlf\n*.txt ident export-subst\n'),
  file('deep/inner.txt', 'one\ntwo\r\nthree $Id$ $Format:%H$\n'),
  file('a.gone', 'kept all the same\n'),
  file('hidden/x.txt', 'kept, too\n'),
  file('subst.txt', '$Format:%H %an$\n'),
  file('dos.crlf', 'a\r\nb\r\n'),
  file('unix.crlf', 'a\nb\n'),
  file('mixed.lf', 'a\r\nb\nc\r'),
  file('t.auto', 'a\r\nb\n'),
  file('t.old', 'a\nb\r\n'),
  file('k.id', '$Id$ $Id: 0123 $\n'),
  file('quiet.loud', 'not loud\n'),
  file('wide.u16', 'äöü\n'),
  file('macro.txt', '$Id$\nab\r\n'),
  file('pointer.bin', `version https://git-lfs.github.com/spec/v1\noid sha256:${'4d7a'.repeat(16)}\nsize 12345\n`),
  file('no-newline', 'ends here'),
  file('empty', ''),
  file('bom.txt', '\u{feff}bom\n'),
  file('bytes', Buffer.from(Array.from({ length: 256 }, (_, at) => at))),
  file('long', 'x'.repeat(300_000)),
  file('run.sh', '#!/bin/sh\necho run\n', '100755'),
  file('link', 'no-newline', '120000'),
  file('dangling link', '../../no/such "place"', '120000'),
  file('absolute', '/etc/hostname', '120000'),
  file('folder-link', 'deep', '120000'),
  file('third_party/lib', '0123456789012345678901234567890123456789', '160000'),
  file('ü/é.txt', 'composed\n'),
  file('u\u{308}/e\u{301}.txt', 'decomposed\n'),
  file('日本語 😀.txt', 'unicode\n'),
  file(`it's "quoted" \`back\` $(touch never) \\ %s.txt`, 'quoted\n'),
  file('-rf', 'dash\n'),
  file('--help/--', 'dashes\n'),
  file(' leading and trailing ', 'blanks\n'),
  file('tab\tand\nline\nbreak', 'controls\n'),
  file('#comment', '#\n'),
  file('[a]*?{b}!', 'glob\n'),
  file(Buffer.from('latin-\xe9\xff.txt', 'latin1'), 'not UTF-8\n'),
  file(`${'n'.repeat(200)}.txt`, 'a long name\n'),
  file(`${'deep/'.repeat(60)}er`, 'a long path\n'),
];

/** Commits all of that, without the submodule where `plain`. Gives the commit. */
export function commitOddFiles(repo: GitRepo, plain = false): string {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  const git = (args: readonly string[], input: Buffer) =>
    execFileSync('git', args, { cwd: repo.root, env, input, encoding: 'utf8' }).trim();
  const entries = ODD_FILES.filter(({ mode }) => !plain || mode !== '160000').map(({ name, mode, bytes }) => {
    const blob = mode === '160000' ? bytes.toString() : git(['hash-object', '-w', '--no-filters', '--stdin'], bytes);
    return Buffer.concat([Buffer.from(`${mode} ${blob}\t`), name, Buffer.from([0])]);
  });
  git(['update-index', '-z', '--index-info'], Buffer.concat(entries));
  repo.git('commit', '-q', '-m', 'odd');
  return repo.git('rev-parse', 'HEAD');
}

/** How a checked out folder differs from the odd files, a line each; empty where it is exactly them. */
export function differences(folder: string, ignore: readonly string[] = []): string[] {
  const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
  const wrong: string[] = [];
  const known = new Set(ignore);
  for (const { name, mode, bytes } of ODD_FILES) {
    const place = Buffer.concat([Buffer.from(`${folder}/`), name]);
    known.add(name.toString('latin1'));
    const told = JSON.stringify(name.toString('latin1'));
    const stat = lstatSync(place, { throwIfNoEntry: false });
    if (!stat) wrong.push(`${told} is missing`);
    else if (mode === '160000') {
      if (!stat.isDirectory() || readdirSync(place).length > 0) wrong.push(`${told} is no empty folder`);
    } else if (mode === '120000') {
      if (!stat.isSymbolicLink() || !readlinkSync(place, 'buffer').equals(bytes)) wrong.push(`${told} is another link`);
    } else if (!stat.isFile()) wrong.push(`${told} is no file`);
    else {
      if (sha256(readFileSync(place)) !== sha256(bytes)) wrong.push(`${told} has other bytes`);
      if ((stat.mode & 0o100) !== (mode === '100755' ? 0o100 : 0))
        wrong.push(`${told} has mode ${stat.mode.toString(8)}`);
    }
  }
  const walk = (at: Buffer, prefix: string) => {
    for (const entry of readdirSync(at, { withFileTypes: true, encoding: 'buffer' })) {
      const relative = `${prefix}${entry.name.toString('latin1')}`;
      const place = Buffer.concat([at, Buffer.from('/'), entry.name]);
      if (entry.isDirectory() && !known.has(relative)) walk(place, `${relative}/`);
      else if (!known.has(relative)) wrong.push(`${JSON.stringify(relative)} is too much`);
    }
  };
  walk(Buffer.from(folder), '');
  return wrong;
}
