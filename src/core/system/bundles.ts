import * as path from 'node:path';

/** Where the bundles lie: set by the build (scripts/build.ts), `__dirname` in the product. */
declare const BUNDLE_FOLDER: string;

/** The absolute path of a file beside the running bundle, such as `store-worker.js`. */
export function bundleFile(name: string): string {
  return path.join(BUNDLE_FOLDER, name);
}
