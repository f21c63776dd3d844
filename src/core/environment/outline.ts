const SIGNATURE = /^[ \t]{0,200}(?:async\s+def|def|class|import|from|@)(?:\b|\w)/;
/** `BLOCK_SIZE = 256`, `lr: float = 0.1`: what others of the program refer to. */
const CONSTANT = /^[A-Za-z_]\w{0,80}(?:[ \t]{0,4}:[ \t]{0,4}[\w.[\], ]{1,60})?[ \t]{0,4}=[ \t]{0,4}(?!=)\S/;
const DOCUMENTATION = /^[ \t]{0,200}[rR]?("""|''')[^\n]{0,200}/;
const MOST_LINES = 80;
const MOST_CHARACTERS = 160;

/**
 * The lines of a Python file that say what it defines: imports, signatures with the first line of what they say of
 * themselves, module-level constants. Of other files the first lines.
 */
export function outline(text: string, python = true): string[] {
  const rows = text.split('\n').map((row) => row.trimEnd());
  const lines: string[] = [];
  let signature = false;
  for (const row of rows) {
    if (lines.length > MOST_LINES) break;
    const documents = (signature || lines.length === 0) && DOCUMENTATION.test(row);
    const kept = python ? SIGNATURE.test(row) || CONSTANT.test(row) || documents : row !== '';
    if (kept) lines.push(row.length > MOST_CHARACTERS ? `${row.slice(0, MOST_CHARACTERS)}…` : row);
    if (row !== '') signature = /^[ \t]{0,200}(?:async\s+def|def|class)\b/.test(row);
  }
  return lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES), '(more)'] : lines;
}
