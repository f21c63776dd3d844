import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Hyperparameter } from '../types.ts';

/** The numbers and truth values of a YAML config, named by their key path: `optimizer.lr`, `betas.0`. */
export function fromYaml(path: string, text: string): Hyperparameter[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) return [];
  const found: Hyperparameter[] = [];
  const walk = (node: unknown, name: string): void => {
    if (isMap(node)) {
      for (const pair of node.items) if (isScalar(pair.key)) walk(pair.value, join(name, String(pair.key.value)));
    } else if (isSeq(node)) {
      node.items.forEach((item, index) => void walk(item, join(name, String(index))));
    } else if (isScalar(node)) {
      const one = ofScalar(node, name);
      if (one) found.push(one);
    }
  };
  const ofScalar = (node: Node, name: string): Hyperparameter | undefined => {
    if (!isScalar(node) || !node.range) return undefined;
    const [start, end] = node.range;
    const literal = text.slice(start, end);
    const type = typeOf(node.value, literal);
    if (!type) return undefined;
    const place = lines.linePos(start);
    const startColumn = place.col - 1;
    return {
      path,
      name,
      line: place.line,
      startColumn,
      endColumn: startColumn + literal.length,
      literal,
      type,
      source: 'yaml',
    };
  };
  walk(document.contents, '');
  return found;
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function typeOf(value: unknown, literal: string): 'int' | 'float' | 'bool' | undefined {
  if (typeof value === 'boolean') return 'bool';
  if (/^[-+]?\d+$/.test(literal)) return 'int';
  // YAML reads `1e-3` as text where a trainer's own conversion makes it a number.
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(literal) ? 'float' : undefined;
}
