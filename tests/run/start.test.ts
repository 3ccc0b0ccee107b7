/** `npm start` as a person runs it: a process of its own, with its output and its signals. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { scenarioNames } from '../../sandbox/scenarios.ts';
import { programEnvironment, projectDirectory } from '../support/program.ts';

interface Start {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** Once no process holds its output any more. */
  readonly closed: Promise<unknown>;
  stdout: string;
  stderr: string;
}

function start(commandLine: readonly string[], environment: Readonly<Record<string, string>> = {}): Start {
  // With a group of its own, of which nothing may be left.
  const child = spawn(
    process.execPath,
    [join(projectDirectory, 'tests', 'support', 'start.ts'), ...commandLine],
    {
      env: programEnvironment(environment),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    },
  );
  const run: Start = { child, closed: once(child, 'close'), stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    run.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    run.stderr += text;
  });
  return run;
}

/** Waits, as long as the test may take, until it has printed a text. */
async function printed(run: Start, text: string): Promise<void> {
  while (!run.stdout.includes(text)) {
    if (run.child.exitCode !== null) throw new Error(`ended without "${text}":\n${run.stdout}${run.stderr}`);
    await Promise.race([once(run.child.stdout, 'data'), run.closed]);
  }
}

/** @returns its exit code, once it has printed everything. */
async function ended({ child, closed }: Start): Promise<number | null> {
  await closed;
  return child.exitCode;
}

function expectNothingLeft({ child: { pid } }: Start): void {
  expect(readdirSync(join(projectDirectory, '.sandbox')).filter((name) => name.includes(`-${pid}-`))).toEqual(
    [],
  );
  if (process.platform !== 'win32') expect(() => process.kill(-(pid ?? 0), 0)).toThrow('ESRCH');
}

let running: Start | undefined;
afterEach(() => {
  running?.child.kill('SIGKILL');
});

it('explains itself', async () => {
  running = start(['--help']);
  expect(await ended(running)).toBe(0);
  expect(running.stdout).toContain('Usage: npm start -- [--scenario <name>]');
  expect(running.stderr).toBe('');
});

it('lists the scenarios, one in each line', async () => {
  running = start(['--list']);
  expect(await ended(running)).toBe(0);
  const names = running.stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ')[0]);
  expect(names).toEqual(scenarioNames);
});

it.each([
  [['--scenaro', 'outage'], "Unknown option '--scenaro'"],
  [['--scenario', 'flood'], 'There is no scenario flood.'],
])('says of %j what is wrong with it', async (commandLine, mistake) => {
  running = start(commandLine);
  expect(await ended(running)).toBe(2);
  expect(running.stderr.split('\n').slice(0, 3)).toEqual([mistake, '', expect.stringMatching(/^Usage: /)]);
  expect(running.stdout).toBe('');
});

const examples = ['--targets', join(projectDirectory, 'targets', 'examples')];

it.each<[string, readonly string[], string]>([
  [
    'a target that is not there',
    ['--target', 'mine', ...examples],
    `${join(projectDirectory, 'targets', 'examples', 'mine.yml')}: there is no such file. Targets: `,
  ],
  ['a folder that is not there', ['--target', 'mine', '--targets', 'none'], 'there is no such folder'],
  ['a file with keys that is not there', ['--keys-from', 'none.env'], "none.env: can't be read (ENOENT)"],
  [
    "a function of one's own where the stack brings it",
    ['--function-zip', 'function.zip'],
    '--function-zip is for a function of your own, and the target has metricFunction.deploy: true',
  ],
])('says of %s in one line what is wrong', async (_what, commandLine, mistake) => {
  running = start(commandLine);
  expect(await ended(running)).toBe(2);
  expect(running.stderr).toContain(mistake);
  expect(running.stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(running.stdout).toBe('');
});

it('says in one line that a scenario makes no sense for a target, and succeeds', async () => {
  running = start(['--target', 'systemd-approval', ...examples, '--scenario', 'host-rejected']);
  expect(await ended(running)).toBe(0);
  expect(running.stdout.split('\n')).toEqual([
    expect.stringMatching(/^Scenario host-rejected: /),
    expect.stringMatching(/^It makes no sense for systemd-approval: endpoint\.host is not set /),
    '',
  ]);
});

it("rehearses a target of one's own: with the keys of its env file, an approval, and what is not played", async () => {
  const envFile = join(mkdtempSync(join(tmpdir(), 'env-recovery-')), '.env');
  writeFileSync(envFile, 'METRICS_KEY=real-0123456789\nSMTP_HOST=mail.real.example\nEXTRA=1\n');
  running = start(['--target', 'systemd-approval', ...examples, '--keys-from', envFile]);
  expect(await ended(running)).toBe(0);
  expect(running.stdout).toContain(
    `${envFile} lacks DB_DSN, SIGNING_KEY, GATEWAY_TOKEN, which parameter.requiredKeys names`,
  );
  expect(running.stdout).toMatch(/^not rehearsed: deploy\.commands: /m);
  expect(running.stdout).toMatch(/^ {4}To approve: +npx /m);
  expect(running.stdout).toMatch(/^Approved by itself, since nobody is at a terminal to be asked$/m);
  expect(running.stdout).toMatch(/restored 5 keys from version 2/);
  expect(running.stdout).toMatch(/^Recovered in /m);
  expect(running.stdout).not.toMatch(/real-0123456789|mail\.real/);
  expectNothingLeft(running);
});

it('ends an outage with more workers, and with a backlog that goes down', async () => {
  running = start([]);
  const exitCode = await ended(running);
  const [recovery = '', scaling = ''] = running.stdout.split('The workers, in ');
  expect(recovery).toMatch(
    /^The workers: 2 of 2 .* AlarmHigh INSUFFICIENT_DATA, AlarmLow INSUFFICIENT_DATA$/m,
  );
  expect(recovery).toMatch(/^Recovered in /m);
  expect(recovery).toMatch(/^ {4}workers +scale again: Launching a new EC2 instance: i-.* of 6 wanted$/m);
  expect(scaling).toMatch(/ AlarmHigh +from INSUFFICIENT_DATA to ALARM$/m);
  expect(scaling).toMatch(/ desired capacity +from 2 to 6$/m);
  expect(scaling).toMatch(/ scaling activity +Successful: Launching a new EC2 instance: i-/);
  const backlogs = [...scaling.matchAll(/ BacklogCount +from \d+ to (\d+)$/gm)].map(([, is]) => Number(is));
  expect(backlogs.length).toBeGreaterThan(0);
  expect(backlogs).toEqual(backlogs.toSorted((one, other) => other - one));
  expect(scaling).toMatch(/^The workers scale by themselves again: 6 of 6 workers in service/m);
  expect(exitCode).toBe(0);
  expectNothingLeft(running);
});

it('fails with an outage after which the workers do not scale in time', async () => {
  running = start([], { PATIENCE_MINUTES: '1' });
  const exitCode = await ended(running);
  expect(running.stdout).toMatch(/^Recovered in /m);
  expect(running.stdout).toMatch(/^NOT SCALED: \d of 6 workers /m);
  expect(exitCode).toBe(1);
});

it('succeeds with a scenario that has to fail, and says so', async () => {
  running = start(['--scenario', 'no-source']);
  const exitCode = await ended(running);
  expect(running.stdout).toContain('FAILED: EnvRestoreFailed');
  expect(running.stdout).not.toContain('The workers, in ');
  expect(running.stdout).toContain('As expected: this is how scenario no-source has to end.');
  expect(exitCode).toBe(0);
  expectNothingLeft(running);
});

it('fails with a scenario that ends otherwise', async () => {
  running = start(['--scenario', 'no-source'], { NO_SOURCE_EXPECTS: 'InstanceUnavailable' });
  const exitCode = await ended(running);
  expect(running.stdout).toContain('FAILED: EnvRestoreFailed');
  expect(running.stdout).toContain('InstanceUnavailable was expected.');
  expect(exitCode).toBe(1);
});

it('ends quietly, and leaves nothing, when nobody reads on', async () => {
  running = start([]);
  await printed(running, 'TakeLease');
  running.child.stdout.destroy();
  expect(await ended(running)).toBe(0);
  expect(running.stderr).toBe('');
  expectNothingLeft(running);
});

// On Windows, a program ends at once by what stands for a signal there.
if (process.platform !== 'win32')
  it.each(['Packaging', 'TakeLease'])(
    'says that it was interrupted at %s, and leaves nothing',
    async (text) => {
      running = start([], { INTERRUPT_AT: text });
      expect(await ended(running)).toBe(130);
      expect(running.stderr).toBe('Interrupted (SIGINT). The sandbox is closed, and its folder removed.\n');
      expect(running.stdout).not.toMatch(/ABORTED|was expected|As expected/);
      expectNothingLeft(running);
    },
  );
