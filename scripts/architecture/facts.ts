import { parse } from '@babel/parser';

/** One specifier of a file: what it names, how, and whether anything of it is there at run time. */
export interface Import {
  readonly specifier: string;
  readonly kind: 'static' | 'dynamic' | 'require' | 'import type';
  readonly typeOnly: boolean;
  readonly line: number;
  /** Names taken from a static import. */
  readonly names: readonly string[];
}

export interface Facts {
  readonly imports: readonly Import[];
  /** Uses of globals such as `Date.now`, `new Date()`, `setTimeout`. */
  readonly globals: readonly { readonly name: string; readonly line: number }[];
  /** Lines with an `import()` or `require()` whose specifier is computed: nothing can be said of it. */
  readonly computed: readonly number[];
}

/** A node of Babel's tree, read without trusting its shape. */
interface Node {
  readonly type: string;
  readonly loc?: { readonly start: { readonly line: number } };
  readonly [key: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

function literal(value: unknown): string | undefined {
  if (!isNode(value)) return undefined;
  if (value.type === 'StringLiteral') return value.value as string;
  if (value.type === 'TSLiteralType') return literal(value.literal);
  if (value.type === 'TemplateLiteral') {
    const quasis = value.quasis as readonly { readonly value: { readonly cooked: string } }[];
    return quasis.length === 1 ? quasis[0]?.value.cooked : undefined;
  }
  return undefined;
}

function identifier(value: unknown): string | undefined {
  return isNode(value) && value.type === 'Identifier' ? (value.name as string) : undefined;
}

/** `a.b`, `a['b']`, `a?.b` and `globalThis.a.b` as `a.b`; `globalThis.a` as `a`. */
function memberName(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type !== 'MemberExpression' && node.type !== 'OptionalMemberExpression') return identifier(node);
  const object = memberName(node.object);
  const property = node.computed ? literal(node.property) : identifier(node.property);
  if (object === undefined || property === undefined) return undefined;
  return object === 'globalThis' || object === 'global' || object === 'window' ? property : `${object}.${property}`;
}

function importKind(node: Node, key: 'importKind' | 'exportKind'): boolean {
  if (node[key] === 'type') return true;
  const specifiers = (node.specifiers ?? []) as readonly Node[];
  return specifiers.length > 0 && specifiers.every((specifier) => specifier[key] === 'type');
}

class Reader {
  readonly imports: Import[] = [];
  readonly globals: { name: string; line: number }[] = [];
  readonly computed: number[] = [];

  private add(specifier: string | undefined, node: Node, kind: Import['kind'], typeOnly = false): void {
    const line = node.loc?.start.line ?? 0;
    if (specifier === undefined) {
      this.computed.push(line);
      return;
    }
    const specifiers = (node.specifiers ?? []) as readonly Node[];
    const names = specifiers.map((each) => identifier(each.imported) ?? '').filter((name) => name !== '');
    this.imports.push({ specifier, kind, typeOnly, line, names });
  }

  visit(node: Node): void {
    switch (node.type) {
      case 'ImportDeclaration':
        this.add(literal(node.source), node, 'static', importKind(node, 'importKind'));
        return;
      case 'ExportNamedDeclaration':
      case 'ExportAllDeclaration':
        if (isNode(node.source)) this.add(literal(node.source), node, 'static', importKind(node, 'exportKind'));
        break;
      case 'ImportExpression':
        this.add(literal(node.source), node, 'dynamic');
        break;
      case 'TSImportType':
        this.add(literal(node.argument) ?? literal(node.source), node, 'import type', true);
        break;
      case 'TSExternalModuleReference':
        this.add(literal(node.expression), node, 'require');
        break;
      case 'CallExpression': {
        const callee = memberName(node.callee);
        const first = (node.arguments as readonly unknown[])[0];
        if (isNode(node.callee) && node.callee.type === 'Import') this.add(literal(first), node, 'dynamic');
        if (callee === 'require' || callee === 'require.resolve' || callee === 'module.require') {
          this.add(literal(first), node, 'require');
        }
        if (callee === 'Date') this.use('new Date()', node);
        break;
      }
      case 'NewExpression':
        if (memberName(node.callee) === 'Date' && (node.arguments as readonly unknown[]).length === 0) {
          this.use('new Date()', node);
        }
        break;
      case 'MemberExpression':
      case 'OptionalMemberExpression': {
        const name = memberName(node);
        if (name !== undefined) this.use(name, node);
        // `clock.now` is no use of a global `now`: only what stands left of the dot is looked at further.
        if (isNode(node.object)) this.visit(node.object);
        if (node.computed && isNode(node.property)) this.visit(node.property);
        return;
      }
      case 'Identifier':
        this.use(node.name as string, node);
        break;
      case 'ObjectProperty':
      case 'ObjectMethod':
      case 'ClassMethod':
      case 'ClassProperty':
      case 'TSPropertySignature':
      case 'TSMethodSignature':
        this.children(node, node.computed ? [] : ['key']);
        return;
      default:
    }
    this.children(node, []);
  }

  private use(name: string, node: Node): void {
    this.globals.push({ name, line: node.loc?.start.line ?? 0 });
  }

  private children(node: Node, skip: readonly string[]): void {
    for (const [key, value] of Object.entries(node)) {
      if (skip.includes(key) || key === 'loc' || key.endsWith('Comments')) continue;
      if (Array.isArray(value)) {
        for (const each of value) if (isNode(each)) this.visit(each);
      } else if (isNode(value)) this.visit(value);
    }
  }
}

/**
 * Reads a TypeScript or TSX file with a real parser.
 * @throws SyntaxError where the file does not parse
 */
export function readFacts(file: string, text: string): Facts {
  const tree = parse(text, {
    sourceType: 'module',
    sourceFilename: file,
    plugins: file.endsWith('x') ? ['typescript', 'jsx'] : ['typescript'],
  });
  const reader = new Reader();
  const program: unknown = tree.program;
  if (isNode(program)) reader.visit(program);
  return { imports: reader.imports, globals: reader.globals, computed: reader.computed };
}
