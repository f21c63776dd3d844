import { main } from './cli/main.ts';

/** node:sqlite came unflagged with 22.13 (design §2). */
const NEEDED = [22, 13] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  process.stderr.write(
    `research-copilot needs Node ${NEEDED.join('.')} or newer; this is Node ${process.versions.node}.\n`,
  );
  process.exitCode = 1;
} else {
  void main(process.argv).then((code) => {
    process.exitCode = code;
  });
}
