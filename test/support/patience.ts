/**
 * How long a test waits for what comes within seconds, in ms. Only what hangs runs into it: on a busy machine the same
 * step has taken ten times as long as on an idle one, and that must not decide a test.
 */
export const PATIENCE_MS = 240_000;
