/** `npm run check`: everything that has to hold. Ends with the number of tests that passed and failed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';

const TestResults = v.object({ numPassedTests: v.number(), numFailedTests: v.number() });

/** Without AWS credentials, since nothing here may need them. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_')),
);

/** @returns whether the npm script ended with 0; its output is shown. */
function passes(script: string, ...scriptArguments: string[]): boolean {
  console.log(`\n— npm run ${[script, ...scriptArguments].join(' ')}`);
  // npm says where it is: on Windows `npm` is a batch file, which only a shell can run.
  const npm = process.env.npm_execpath;
  if (npm === undefined) throw new Error('run this by: npm run check');
  const { status } = spawnSync(process.execPath, [npm, 'run', '--silent', script, '--', ...scriptArguments], {
    stdio: 'inherit',
    env: environment,
  });
  return status === 0;
}

/** What differs from the commit; empty outside a git checkout. */
const changes = () => spawnSync('git', ['status', '--porcelain'], { encoding: 'utf8' }).stdout ?? '';

function check(): boolean {
  const changesBefore = changes();
  const directory = mkdtempSync(join(tmpdir(), 'env-recovery-check-'));
  try {
    const isSound =
      passes('lint') &&
      passes('typecheck') &&
      passes('package', '--param', 'target=academy-api') &&
      passes('start');
    if (!isSound) return false;
    const suites = ['test', 'test:examples'].map((script, index) => {
      const file = join(directory, `results-${index}.json`);
      const hasPassed = passes(script, '--json', `--outputFile=${file}`);
      return { hasPassed, ...v.parse(TestResults, JSON.parse(readFileSync(file, 'utf8'))) };
    });
    const isUnchanged = changes() === changesBefore;
    if (!isUnchanged) console.error(`\nThe checks have changed the checkout:\n${changes()}`);
    const sumOf = (name: keyof v.InferOutput<typeof TestResults>) =>
      suites.reduce((sum, suite) => sum + suite[name], 0);
    console.log(`${sumOf('numPassedTests')} passed, ${sumOf('numFailedTests')} failed`);
    return suites.every(({ hasPassed }) => hasPassed) && isUnchanged;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

process.exitCode = check() ? 0 : 1;
