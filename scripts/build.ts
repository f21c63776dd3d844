import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import { BUNDLES, type BundleSpec } from './bundles.ts';
import { notices } from './notices.ts';
import { writeSchemas } from './schemas.ts';

const root = path.resolve(import.meta.dirname, '..');
const dist = path.join(root, 'dist');
const RUFF_WASM = 'ruff_wasm_bg.wasm';

/**
 * We are an ssh client: the server, the key generator and SFTP of ssh2 are a fifth of it. Of tweetnacl, bcrypt-pbkdf
 * (the keys with a passphrase) uses SHA-512 alone, which Node has.
 */
const clientOnlySsh: esbuild.Plugin = {
  name: 'client-only-ssh',
  setup(build) {
    const unused = /node_modules[\\/]ssh2[\\/]lib[\\/](server|keygen|http-agents|protocol[\\/]SFTP)\.js$/;
    build.onLoad({ filter: unused }, () => ({ contents: 'module.exports = {};' }));
    build.onLoad({ filter: /node_modules[\\/]tweetnacl[\\/]nacl-fast\.js$/ }, () => ({
      contents: `const { createHash } = require('node:crypto');
        exports.lowlevel = {
          crypto_hash(out, bytes, length) {
            out.set(createHash('sha512').update(bytes.subarray(0, length)).digest());
          },
        };`,
    }));
  },
};

/**
 * What a box is sent is read by shells only: the comments of its scripts, a fifth of them, and their indentation stay
 * here. Packed, because they are a good part of a bundle all the same.
 */
const leanScripts: esbuild.Plugin = {
  name: 'lean-scripts',
  setup(build) {
    build.onLoad({ filter: /[\\/]workers[\\/]box[\\/][a-z-]+\.sh$/ }, async ({ path: file }) => {
      const lean = (await fs.readFile(file, 'utf8'))
        .replaceAll(/^[ \t]*#(?!!|SBATCH).*\n/gm, '')
        .replaceAll(/^[ \t]+/gm, '');
      const packed = brotliCompressSync(lean).toString('base64');
      const contents = `import { brotliDecompressSync } from 'node:zlib';
        export default brotliDecompressSync(Buffer.from('${packed}', 'base64')).toString();`;
      return { contents, loader: 'js' };
    });
  },
};

/** Turns `import('…/entry.ts')` of another bundle's entry into a load of that bundle. */
function lazyBundles(self: BundleSpec): esbuild.Plugin {
  const files = new Map(
    BUNDLES.filter((other) => other.runtime === 'node' && other !== self).map((other) => [
      path.join(root, other.entry),
      `./${other.name}.js`,
    ]),
  );
  return {
    name: 'lazy-bundles',
    setup(build) {
      build.onResolve({ filter: /^\./ }, (args) => {
        if (args.kind !== 'dynamic-import') return undefined;
        const bundle = files.get(path.resolve(args.resolveDir, args.path));
        return bundle ? { path: bundle, external: true } : undefined;
      });
    },
  };
}

const common: esbuild.BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  sourcemap: true,
  loader: { '.sh': 'text', '.node': 'empty', '.ttf': 'file' },
  logLevel: 'warning',
};

const node: esbuild.BuildOptions = {
  ...common,
  platform: 'node',
  format: 'cjs',
  target: 'node22',
  // A dynamic import in a CommonJS bundle must be a require: the other bundle is CommonJS too.
  supported: { 'dynamic-import': false },
  // cpu-features is native and optional; ssh2 works without it.
  external: ['vscode', 'cpu-features'],
  plugins: [leanScripts],
};

function bundleOptions(bundle: BundleSpec, production: boolean): esbuild.BuildOptions {
  const output: esbuild.BuildOptions = {
    entryPoints: { [bundle.name]: bundle.entry },
    outdir: 'dist',
    minify: production,
    // dist/NOTICE.txt carries all licences whole.
    legalComments: production ? 'none' : 'inline',
  };
  if (bundle.runtime === 'browser') {
    return {
      ...common,
      ...output,
      platform: 'browser',
      format: 'esm',
      target: 'es2023',
      jsx: 'automatic',
      jsxImportSource: 'preact',
      assetNames: '[name]',
    };
  }
  return {
    ...node,
    ...output,
    define: { BUNDLE_FOLDER: '__dirname' },
    banner: bundle.name === 'cli' ? { js: '#!/usr/bin/env node' } : {},
    plugins: [leanScripts, lazyBundles(bundle), clientOnlySsh],
  };
}

/** Options for tests, benchmarks and the programs they start, each a bundle of its own beside its source map. */
function testOptions(entryPoints: readonly string[]): esbuild.BuildOptions {
  return {
    ...node,
    entryPoints: [...entryPoints],
    outdir: 'out',
    outbase: root,
    packages: 'external',
    define: { BUNDLE_FOLDER: JSON.stringify(dist) },
    jsx: 'automatic',
    jsxImportSource: 'preact',
  };
}

/** Says in one line what did not build and goes on: with `only`, other people's broken files must not stop a person. */
function shrug(name: string, error: unknown): undefined {
  const first = (error as esbuild.BuildFailure).errors?.[0];
  console.error(`${name} was not built: ${first?.location?.file}:${first?.location?.line} ${first?.text ?? error}`);
  return undefined;
}

async function buildTests(only: string | undefined): Promise<void> {
  const found = await Array.fromAsync(fs.glob('{test,bench}/**/*.{test,bench,entry}.{ts,tsx}', { cwd: root }));
  if (only === undefined) {
    await esbuild.build(testOptions(found));
    return;
  }
  await esbuild.build(testOptions(found.filter((file) => file.includes(only))));
  const programs = found.filter((file) => file.includes('.entry.') && !file.includes(only));
  const quiet = programs.map((file) =>
    esbuild.build({ ...testOptions([file]), logLevel: 'silent' }).catch((error: unknown) => shrug(file, error)),
  );
  await Promise.all(quiet);
}

interface Built {
  readonly bundle: BundleSpec;
  readonly bytes: number;
  readonly metafile: esbuild.Metafile;
}

function report(results: readonly Built[], production: boolean): boolean {
  let over = false;
  for (const { bundle, bytes } of results) {
    const kB = bytes / 1000;
    const tooBig = production && bundle.budgetKB !== undefined && kB > bundle.budgetKB;
    over ||= tooBig;
    // The budgets are for what is shipped: a development build is not minified.
    const budget = !production || bundle.budgetKB === undefined ? '' : ` of ${bundle.budgetKB}`;
    console.log(`${bundle.name.padEnd(15)} ${kB.toFixed(1).padStart(8)} kB${budget}${tooBig ? '  OVER BUDGET' : ''}`);
  }
  return !over;
}

interface BuildOptions {
  readonly production?: boolean;
  readonly tests?: boolean;
  readonly quiet?: boolean;
  /** Builds only the test files whose path holds the text; a bundle that does not build then only costs a line. */
  readonly only?: string;
}

async function buildBundle(bundle: BundleSpec, production: boolean, lenient: boolean): Promise<Built | undefined> {
  try {
    const options = { ...bundleOptions(bundle, production), metafile: true } as const;
    const { metafile } = await esbuild.build(lenient ? { ...options, logLevel: 'silent' } : options);
    return { bundle, metafile, bytes: metafile.outputs[`dist/${bundle.name}.js`]?.bytes ?? 0 };
  } catch (error) {
    if (!lenient) throw error;
    return shrug(bundle.name, error);
  }
}

/**
 * Builds the bundles (and the tests with `tests`). For production the licences of what they carry go beside them.
 * @returns the bundles with their sizes in bytes
 * @throws when a file does not build, or a production bundle is over its budget
 */
export async function build(options: BuildOptions = {}): Promise<readonly Built[]> {
  const production = options.production ?? false;
  await fs.mkdir(dist, { recursive: true });
  const bundles = BUNDLES.filter((bundle) => existsSync(path.join(root, bundle.entry)));
  const lenient = options.only !== undefined;
  const results = await Promise.all(bundles.map((bundle) => buildBundle(bundle, production, lenient)));
  // Ruff's own loader looks for it beside the bundle it runs in.
  await fs.copyFile(path.join(root, 'node_modules/@astral-sh/ruff-wasm-nodejs', RUFF_WASM), path.join(dist, RUFF_WASM));
  if (existsSync(path.join(dist, 'cli.js'))) await fs.chmod(path.join(dist, 'cli.js'), 0o755);
  await writeSchemas(root).catch((error: unknown) => {
    if (!lenient) throw error;
    shrug('media/schemas', error);
  });
  if (options.tests) await buildTests(options.only);
  const built = results.filter((result) => result !== undefined);
  if (production) {
    await fs.writeFile(
      path.join(dist, 'NOTICE.txt'),
      await notices(
        root,
        built.map(({ metafile }) => metafile),
      ),
    );
  }
  const fits = options.quiet ? true : report(built, production);
  if (!fits) throw new Error('A bundle is over its budget (scripts/bundles.ts).');
  return built;
}

async function watch(): Promise<void> {
  for (const bundle of BUNDLES) {
    const context = await esbuild.context({ ...bundleOptions(bundle, false), logLevel: 'info' });
    await context.watch();
  }
}

if (import.meta.main) {
  const flags = new Set(process.argv.slice(2));
  if (flags.has('--watch')) await watch();
  else if (flags.has('--tests-only')) await buildTests(undefined);
  else await build({ production: flags.has('--production'), tests: flags.has('--tests') });
}
