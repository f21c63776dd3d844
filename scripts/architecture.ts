import * as path from 'node:path';
import { checkTree } from './architecture/tree.ts';

/** Holds every import of src/ and webview-ui/ against the table of rooms; part of `npm run lint`. */
const { files, violations } = await checkTree(path.resolve(import.meta.dirname, '..'));
for (const { file, line, message } of violations) console.error(`${file}:${line}  ${message}`);
console.log(`architecture: ${files} files, ${violations.length} violations`);
process.exitCode = violations.length === 0 ? 0 : 1;
