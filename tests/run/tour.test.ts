/** `npm run sandbox`: what it prints to be pasted works from top to bottom, and what can be broken gets repaired. */
import { spawnSync } from 'node:child_process';
import { letPlay } from '../../sandbox/play.ts';
import { commandLines } from '../../sandbox/printed-commands.ts';
import { ownTargets } from '../../targets/load.ts';
import { recover } from '../support/cli.ts';
import { packagedIn } from '../support/package-stacks.ts';
import { paste } from '../support/paste.ts';
import { openRun, outputOf, type WholeRun } from '../support/whole-run.ts';

let whole: WholeRun;
let saved: NodeJS.ProcessEnv;
beforeEach(async () => {
  saved = { ...process.env };
  whole = await openRun('outage');
  // What is compiled there is there for the next test.
  letPlay(whole.sandbox, packagedIn('sandbox'));
  whole.sandbox.workers.start();
});
afterEach(async () => {
  process.env = saved;
  await whole.close();
});

const printed = () => commandLines(whole.sandbox, ownTargets);
const commands = () =>
  printed()
    .filter((line) => /^ {2}(?:aws|npx) /.test(line))
    .map((line) => line.trim());
/** Sets what the lines above the commands set, as a shell does. */
function pasteVariables(): Record<string, string> {
  const pairs = printed().flatMap((line) => {
    const [, name = '', value = ''] =
      /^ {2}(?:export |\$env:)(\w+) ?= ?'?(.*?)'?$/.exec(line.replaceAll("''", "'")) ?? [];
    return name === '' ? [] : [[name, value] as const];
  });
  const variables = Object.fromEntries(pairs);
  Object.assign(process.env, variables);
  return variables;
}

it('sets the variables for PowerShell: each to something, since older ones remove what is set to nothing', () => {
  const lines = commandLines(whole.sandbox, "C:\\it's 여기", 'win32').filter((line) =>
    /^ {2}\$env:/.test(line),
  );
  expect(lines).toContain("  $env:RECOVER_TARGETS = 'C:\\it''s 여기'");
  expect(lines.filter((line) => !/ = '.+'$/.test(line))).toEqual([]);
  const [pager = ''] = lines.flatMap((line) => /AWS_PAGER = '(.*)'$/.exec(line)?.[1] ?? []);
  // As the AWS CLI does on Windows.
  const { stdout } = spawnSync(pager, { shell: true, input: '{"한글": 1}\n', encoding: 'utf8' });
  expect(stdout).toBe('{"한글": 1}\n');
});

it('prints a tour that goes from top to bottom', async () => {
  const variables = pasteVariables();
  expect(variables).toMatchObject({ RECOVER_TARGET: 'sandbox', RECOVER_TARGETS: ownTargets });
  const told: string[] = [];
  for (const command of commands()) {
    const [, recovers] = /^npx recover (.+)$/.exec(command) ?? [];
    if (recovers === undefined) await paste(command, whole.sandbox.endpoint.url);
    else {
      const run = await recover(undefined, recovers.split(' '), { environment: variables });
      told.push(run.stdout);
      if (run.exitCode !== 0) throw new Error(`${command}: ${run.exitCode}\n${run.stdout}${run.stderr}`);
    }
  }
  const { executions } = whole.sandbox.machines;
  const [first, second] = ['first', 'second'].map((name) => executions.find((one) => one.name === name));
  expect(first && outputOf(first)).toMatchObject({ outcome: 'Recovered' });
  expect(second?.redriveCount).toBe(1);
  expect(second && outputOf(second)).toMatchObject({ outcome: 'Recovered' });
  // Those that an event has started are told as well, with how they ended.
  expect(told.join('')).toMatch(/^second: FAILED \(InstanceUnavailable\)$/m);
  expect(told.join('')).toMatch(/^second: SUCCEEDED \(Recovered\)$/m);
  expect(executions.some(({ status }) => status === 'RUNNING')).toBe(false);
  // Nobody had to pass a pause.
  expect(executions.flatMap((one) => one.output ?? []).join()).not.toMatch(/CoolingDown|CircuitOpen/);
});

it('breaks what else there is, and says what repairs it', async () => {
  const { sandbox } = whole;
  const { metricFunctionName, functions, metrics, machines } = sandbox;
  const play = async (...words: readonly string[]) => {
    const { exitCode, stdout, stderr } = await recover(sandbox.endpoint.url, ['sandbox', ...words]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    return stdout;
  };
  await whole.run();
  const before = { ...functions.variables(metricFunctionName) };
  await play('wait');
  await play('break', 'function');
  expect(Object.keys(functions.variables(metricFunctionName))).not.toContain('LAMBDA_INTERNAL_API_KEY');
  // The heartbeat alarm starts it.
  expect(await play('wait')).toMatch(/: SUCCEEDED \(Recovered\)$/m);
  expect(functions.variables(metricFunctionName)).toEqual(before);
  expect(machines.executions.at(-1)?.input).toContain('env-recovery-sandbox-heartbeat');

  expect(await play('list')).toContain('repaired by npx recover sandbox mend schedule');
  await play('break', 'schedule');
  const invocations = () =>
    metrics
      .read(
        {
          Namespace: 'AWS/Lambda',
          MetricName: 'Invocations',
          Dimensions: [{ Name: 'FunctionName', Value: metricFunctionName }],
        },
        { startMs: 0, endMs: Number.MAX_SAFE_INTEGER, periodSeconds: 3600, statistic: 'Sum' },
      )
      .reduce((sum, { value }) => sum + value, 0);
  const stopped = invocations();
  await play('mend', 'schedule');
  while (invocations() === stopped) await new Promise((resolve) => setTimeout(resolve, 50));
});
