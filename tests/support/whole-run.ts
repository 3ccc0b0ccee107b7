/** A sandbox with a scenario in it, and what has to hold whatever happens there. Any number can be open at once. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { readEnvText } from '../../env/document.ts';
import { effectiveEntries } from '../../env/entries.ts';
import { copyAll } from '../../sandbox/copy.ts';
import { textOfEnv, textsEver } from '../../sandbox/env-store.ts';
import { endIdleThreads } from '../../sandbox/function-runtime.ts';
import { openSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import type { ScenarioName } from '../../sandbox/scenarios.ts';
import { Entered, Screen } from '../../sandbox/screen.ts';
import { defaultTarget, makeSeed, type Seed, seedSandbox } from '../../sandbox/seed/seed.ts';
import type { Execution } from '../../sandbox/services/execution.ts';
import type { HistoryEvent } from '../../sandbox/services/execution-events.ts';
import { loadTarget } from '../../targets/load.ts';
import { packagedIn } from './package-stacks.ts';
import { until } from './until.ts';

// For the next test of a file they are warm.
afterAll(endIdleThreads);

export interface WholeRun {
  /** Of this run alone. */
  readonly directory: string;
  readonly sandbox: Sandbox;
  readonly seed: Seed;
  /** What a person sees. */
  readonly screenLines: readonly string[];
  /** Starts an execution and waits for its end. */
  run(input?: string): Promise<Execution>;
  /** Writes the parameter without an event: as if that had got lost. */
  overwrite(text: string): void;
  /** Called with each event of an execution's history. */
  onEvent: (execution: Execution, event: HistoryEvent) => void;
  close(): Promise<void>;
}

export async function openRun(
  scenario: ScenarioName,
  name = defaultTarget,
  targets?: string,
): Promise<WholeRun> {
  const directory = mkdtempSync(join(tmpdir(), 'env-recovery-'));
  const seed = makeSeed({ name, ...loadTarget(name, targets) }, scenario);
  const screenLines: string[] = [];
  const screens = new Map<Execution, Screen>();
  const hooks = { onEvent: (_execution: Execution, _event: HistoryEvent) => {} };
  const sandbox = await openSandbox({
    packageDirectory: packagedIn(name),
    directory,
    seed,
    retryMilliseconds: 150,
    speedUp: 20,
    updateMilliseconds: 50,
    lagMilliseconds: 50,
    onEvent: (execution, event) => {
      const screen = screens.get(execution) ?? new Screen((line) => screenLines.push(line), execution.name);
      screens.set(execution, screen);
      screen.show(event);
      hooks.onEvent(execution, event);
    },
  });
  seedSandbox(sandbox, seed);
  return Object.assign(hooks, {
    directory,
    sandbox,
    seed,
    screenLines,
    run: async (input = '{}') => {
      const execution = sandbox.machines.start(sandbox.stateMachineArn, input);
      await execution.ended;
      return execution;
    },
    overwrite: (Value: string) =>
      sandbox.parameters.quietly(() => {
        sandbox.parameters.put({ Name: sandbox.parameterName, Value, Overwrite: true });
      }),
    close: async () => {
      await sandbox.close();
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  });
}

/** The event of the alarm on the metric. */
export const alarmEvent = ({ sandbox }: WholeRun) => ({
  source: 'aws.cloudwatch',
  'detail-type': 'CloudWatch Alarm State Change',
  detail: { alarmName: sandbox.heartbeatName, state: { value: 'ALARM' } },
});

/** Makes the target one that asks a person before anything is changed. */
export const letItAsk = (whole: WholeRun) =>
  changeTarget(whole, 'plan-recovery', 'var bundledTarget = {', '$& "approval": { "withinMinutes": 60 },');

/** Lets the endpoint be asked for no more than a second until it is taken for unhealthy. */
export const letItGiveUpSoon = (whole: WholeRun) =>
  changeTarget(whole, 'verify-endpoint', /"?healthyWithinSeconds"?: \d+/, '"healthyWithinSeconds": 1');

/** Changes the target in the bundle of one function, as another file of the target would. */
function changeTarget(
  { sandbox: { functions }, directory }: WholeRun,
  name: string,
  was: string | RegExp,
  is: string,
): void {
  const key = name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  functions.replaceCode(`env-recovery-sandbox-${key}`, (packaged) => {
    const copy = join(directory, name);
    copyAll(packaged, copy);
    const bundle = join(copy, 'functions', `${name}.js`);
    const code = readFileSync(bundle, 'utf8');
    const changed = code.replace(was, is);
    if (changed === code) throw new Error(`${bundle} holds no target`);
    writeFileSync(bundle, changed);
    return copy;
  });
}

/** The calls that change something of the target; the lease and the notifications are not the target's. */
const mutating = new Set([
  'PutParameter',
  'DeleteParameter',
  'LabelParameterVersion',
  'UnlabelParameterVersion',
  'SendCommand',
  'CancelCommand',
  'UpdateFunctionConfiguration',
  'PutMetricData',
]);
export const writesOf = ({ sandbox }: WholeRun) =>
  sandbox.endpoint.calls.filter(({ operation }) => mutating.has(operation));

/** Those that need the lease; one's own command may be cancelled without, and the metric function needs none. */
const fenced = new Set(
  [...mutating].filter((operation) => !['CancelCommand', 'PutMetricData'].includes(operation)),
);

/** The names of the Task states that an execution has been in. */
export const statesOf = (execution: Execution): string[] =>
  execution.history.flatMap((event) => {
    const entered = v.safeParse(Entered, event);
    return event.type === 'TaskStateEntered' && entered.success
      ? [entered.output.stateEnteredEventDetails.name]
      : [];
  });

/** Waits until an execution has asked a person, and can be answered. */
export const untilAsked = (execution: Execution) =>
  until(() => execution.history.at(-1)?.type === 'TaskSubmitted');

export const outputOf = (execution: Execution | undefined): Record<string, unknown> =>
  v.parse(v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.unknown())), execution?.output ?? '{}');

/** The values that must never be seen: each one of the env, and of the metric function's environment. */
function secretsOf({ seed, sandbox }: WholeRun): string[] {
  const { reader } = sandbox.target.parameter;
  const texts = [...seed.versions, textOfEnv(sandbox.parameters, sandbox.parameterName)];
  return texts
    .flatMap((text) => [...effectiveEntries(readEnvText(text, reader)).values()])
    .filter(({ key, value }) => /SECRET|PASSWORD|KEY|TOKEN|REDIS/.test(key) && value.length >= 8)
    .flatMap(({ value }) => [value, ...(value.match(/:([^@:/]{16,})@/)?.slice(1) ?? [])]);
}

/**
 * S: no value in state, errors, causes, logs, notifications, the lease or command parameters. V: no key of any version
 * is lost; nothing is changed without a look at the lease. 1: no two commands for one run of an execution.
 */
export function checkInvariants(run: WholeRun): void {
  const { sandbox, screenLines } = run;
  const { reader } = sandbox.target.parameter;
  const shown = JSON.stringify([
    sandbox.machines.executions.map(({ history, input, output, error, cause }) => [
      history,
      input,
      output,
      error,
      cause,
    ]),
    sandbox.logs,
    screenLines,
    sandbox.topics.messages,
    sandbox.runCommand.commands,
    sandbox.endpoint.calls.filter(
      ({ operation, service }) =>
        operation === 'SendCommand' || operation === 'PutMetricData' || service.startsWith('DynamoDB'),
    ),
  ]);
  const secrets = secretsOf(run);
  expect(secrets.length).toBeGreaterThan(0);
  expect(secrets.filter((value) => shown.includes(value))).toEqual([]);

  const { parameters, parameterName } = sandbox;
  const now = effectiveEntries(readEnvText(textOfEnv(parameters, parameterName), reader));
  if (sandbox.endpoint.calls.some(({ operation }) => operation === 'PutParameter')) {
    for (const text of textsEver(parameters, parameterName))
      for (const key of effectiveEntries(readEnvText(text, reader)).keys())
        expect([...now.keys()]).toContain(key);
  }
  // Each change of the target is made right after a look at the lease.
  let isFenced = false;
  for (const { operation } of sandbox.endpoint.calls) {
    if (operation === 'GetItem') isFenced = true;
    if (!fenced.has(operation)) continue;
    expect([operation, isFenced]).toEqual([operation, true]);
    isFenced = false;
  }

  const comments = sandbox.runCommand.commands.map(({ Comment }) => Comment);
  expect(new Set(comments).size).toBe(comments.length);
}
