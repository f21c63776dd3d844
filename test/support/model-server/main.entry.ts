import { startModelServer } from './server.ts';

/**
 * The model server as a process of its own: prints one JSON line, `{"url": "http://127.0.0.1:…/v1"}`, and serves until
 * it gets a signal. `--key KEY` refuses other keys. Faults come by POST to /control beside /v1.
 */
async function main(): Promise<void> {
  const at = process.argv.indexOf('--key');
  const apiKey = at >= 0 ? process.argv[at + 1] : undefined;
  const server = await startModelServer(apiKey === undefined ? {} : { apiKey });
  console.log(JSON.stringify({ url: server.url }));
  const stop = async () => {
    await server.close();
    process.exit(0);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
