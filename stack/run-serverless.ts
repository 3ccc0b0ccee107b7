/** `npm run package`, `npm run deploy` and `npm run remove`: runs Serverless, and leaves nothing but `.serverless/` behind. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { refusalOf } from './named-target.ts';
import { spawnServerless } from './serverless.ts';

const commandLine = process.argv.slice(2);
const refusal = refusalOf(commandLine);
if (refusal !== undefined) {
  console.error(refusal);
  process.exit(2);
}
const temporaryDirectory = mkdtempSync(join(tmpdir(), 'env-recovery-'));
// Serverless gets these signals too; this process waits for it to end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
const serverless = spawnServerless(commandLine, {
  directory: join(import.meta.dirname, '..'),
  temporaryDirectory,
  stdio: 'inherit',
});
const code = await new Promise<number | null>((resolve, reject) => {
  serverless.once('error', reject);
  serverless.once('close', resolve);
});
rmSync(temporaryDirectory, { recursive: true, force: true, maxRetries: 5 });
process.exitCode = code ?? 1;
