/** `npm run package` and `npm run deploy`: runs Serverless, and leaves nothing but `.serverless/` behind. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnServerless } from './serverless.ts';

const temporaryDirectory = mkdtempSync(join(tmpdir(), 'env-recovery-'));
// Serverless gets these signals too; this process waits for it to end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
const serverless = spawnServerless(process.argv.slice(2), {
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
