/** The compiled state machine on every path, with the functions played and the retries' waits cut short. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { maxDeploySeconds } from '../functions/deploy-api.ts';
import { errorNames, transientErrorNames } from '../recovery/errors.ts';
import type { FunctionOutcome } from '../sandbox/function-runtime.ts';
import { StateMachineProperties, StateMachines } from '../sandbox/services/states.ts';
import { resolveTemplate, resourcesOf } from '../sandbox/template.ts';
import { packagedIn } from './package-stacks.ts';

const template = readFileSync(
  join(packagedIn('academy-api'), 'cloudformation-template-update-stack.json'),
  'utf8',
);
const [machine] = resourcesOf(
  resolveTemplate(template),
  'AWS::StepFunctions::StateMachine',
  StateMachineProperties,
);
if (!machine) throw new Error('no state machine in the template');

const Retrier = v.object({ ErrorEquals: v.array(v.string()), MaxAttempts: v.number() });
const State = v.looseObject({
  Type: v.string(),
  Resource: v.optional(v.string()),
  TimeoutSeconds: v.optional(v.number()),
  Retry: v.optional(v.array(Retrier)),
});
const definition = v.parse(
  v.object({ TimeoutSeconds: v.number(), States: v.record(v.string(), State) }),
  JSON.parse(machine.properties.DefinitionString),
);
const tasks = Object.entries(definition.States).filter(([, { Type }]) => Type === 'Task');

/** What a function answers: a value, or the name of an error it throws. One after the other, the last for good. */
type Answers = Record<string, readonly (object | string)[]>;

const healthy: Answers = {
  validateEnv: [{ execution: {}, request: { deploy: 'auto' }, env: { complete: true } }],
  uploadEnv: [{ outcome: 'Restored' }],
  checkEndpoint: [{ needsDeploy: false }],
  deployApi: [{ status: 'InProgress' }],
  awaitDeploy: [{ status: 'Success' }],
  verifyEndpoint: [{ httpStatus: 200 }],
  patchLambdaEnv: [{ outcome: 'Unchanged' }],
  confirmBacklog: [{ backlog: 7 }],
  markKnownGood: [{ outcome: 'AlreadyMarked' }],
  reportRecovery: [{ outcome: 'Healthy' }],
};
const validated = (complete: boolean, deploy = 'auto') => ({
  validateEnv: [{ execution: {}, request: { deploy }, env: { complete } }],
});

let play: (functionName: string, input: unknown) => FunctionOutcome;
const machines = new StateMachines({
  retryMilliseconds: 0,
  invoke: async (arn, input) => play(arn.split('-').at(-1) ?? '', input),
});
machines.add(machine.arn, machine.properties.StateMachineName, machine.properties.DefinitionString);

async function run(answers: Answers) {
  const played: string[] = [];
  const inputs = new Map<string, unknown>();
  play = (name, input) => {
    const queue = { ...healthy, ...answers }[name] ?? [];
    const answer = queue[Math.min(played.filter((one) => one === name).length, queue.length - 1)];
    played.push(name);
    inputs.set(name, input);
    return typeof answer === 'string'
      ? { error: { errorType: answer, errorMessage: 'played' } }
      : { result: answer };
  };
  const execution = machines.start(machine?.arn ?? '', '{"reason":"test"}');
  await execution.ended;
  return { execution, played, inputs };
}

const proof = ['verifyEndpoint', 'patchLambdaEnv', 'confirmBacklog', 'markKnownGood', 'reportRecovery'];

describe('the state machine', () => {
  it.each<[string, Answers, string[]]>([
    ['does not deploy a healthy system', {}, ['validateEnv', 'checkEndpoint', ...proof]],
    [
      'deploys an unhealthy one',
      { checkEndpoint: [{ needsDeploy: true }] },
      ['validateEnv', 'checkEndpoint', 'deployApi', 'awaitDeploy', ...proof],
    ],
    [
      'restores an incomplete env and deploys it',
      validated(false),
      ['validateEnv', 'uploadEnv', 'deployApi', 'awaitDeploy', ...proof],
    ],
    [
      'deploys always when told to',
      validated(true, 'always'),
      ['validateEnv', 'deployApi', 'awaitDeploy', ...proof],
    ],
    [
      'never deploys when told so, with a restored env',
      validated(false, 'never'),
      ['validateEnv', 'uploadEnv', ...proof],
    ],
    [
      'never deploys when told so, with an unhealthy endpoint',
      { ...validated(true, 'never'), checkEndpoint: [{ needsDeploy: true }] },
      ['validateEnv', 'checkEndpoint', ...proof],
    ],
    [
      'watches again while the command runs',
      {
        ...validated(false),
        awaitDeploy: [{ status: 'InProgress' }, { status: 'InProgress' }, { status: 'Success' }],
      },
      ['validateEnv', 'uploadEnv', 'deployApi', 'awaitDeploy', 'awaitDeploy', 'awaitDeploy', ...proof],
    ],
  ])('%s', async (_what, answers, expected) => {
    const { execution, played } = await run(answers);
    expect(played).toEqual(expected);
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: '{"outcome":"Healthy"}' });
  });

  it('hands the execution’s raw input, name and start to ValidateEnv', async () => {
    const { inputs, execution } = await run({});
    expect(inputs.get('validateEnv')).toEqual({
      input: { reason: 'test' },
      execution: { name: execution.name, startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) },
    });
  });

  it('hands ReportRecovery all that the states have found', async () => {
    const { inputs } = await run(validated(false));
    expect(inputs.get('reportRecovery')).toMatchObject({
      upload: { outcome: 'Restored' },
      deployment: { status: 'Success' },
      endpoint: { httpStatus: 200 },
      patch: { outcome: 'Unchanged' },
      backlog: { backlog: 7 },
    });
  });

  it.each(transientErrorNames)('tries four more times on %s, then fails by that name', async (name) => {
    const recovered = await run({
      ...validated(false),
      uploadEnv: [name, name, name, name, { outcome: 'Restored' }],
    });
    expect(recovered.execution.status).toBe('SUCCEEDED');
    const { execution, played } = await run({ ...validated(false), uploadEnv: [name] });
    expect(execution).toMatchObject({ status: 'FAILED', error: name });
    expect(played.filter((one) => one === 'uploadEnv')).toHaveLength(5);
  });

  it.each(['CredentialsExpired', 'Lambda.Unknown', 'Sandbox.Timedout', 'Runtime.ExitError'])(
    'tries once more on %s',
    async (name) => {
      const { execution, played } = await run({ validateEnv: [name] });
      expect(execution).toMatchObject({ status: 'FAILED', error: name });
      expect(played).toHaveLength(2);
    },
  );

  it('waits for a function in a VPC to get its network interface back', async () => {
    const notReady = [
      'Lambda.ResourceNotReadyException',
      ...Array(11).fill('Lambda.ResourceConflictException'),
    ];
    const { execution } = await run({ checkEndpoint: [...notReady, { needsDeploy: false }] });
    expect(execution.status).toBe('SUCCEEDED');
  });

  it('tells DeployApi which try it is', async () => {
    const { inputs } = await run({
      ...validated(false),
      deployApi: ['AwsUnavailable', { status: 'InProgress' }],
    });
    expect(inputs.get('deployApi')).toEqual({ execution: {}, retryCount: 1 });
    const { inputs: first } = await run(validated(false));
    expect(first.get('deployApi')).toEqual({ execution: {}, retryCount: 0 });
  });

  const finalNames = errorNames.filter(
    (name) => name !== 'CredentialsExpired' && !transientErrorNames.some((transient) => transient === name),
  );
  it.each(finalNames)('fails at once on %s', async (name) => {
    const { execution, played } = await run({ verifyEndpoint: [name] });
    expect(execution).toMatchObject({ status: 'FAILED', error: name });
    expect(played).toEqual(['validateEnv', 'checkEndpoint', 'verifyEndpoint']);
  });

  it.each(tasks.map(([task]) => `${task.charAt(0).toLowerCase()}${task.slice(1)}`))(
    'ends natively where %s fails',
    async (key) => {
      const path =
        key === 'uploadEnv' ? validated(false) : key === 'checkEndpoint' ? {} : validated(true, 'always');
      const { execution, played } = await run({ ...path, [key]: ['AccessDenied'] });
      expect(execution).toMatchObject({ status: 'FAILED', error: 'AccessDenied' });
      expect(played.at(-1)).toBe(key);
      expect(execution.history.at(-1)?.type).toBe('ExecutionFailed');
    },
  );
});

describe('the definition', () => {
  it('bounds every task, and the machine by more than the longest deploy and two tries of each task take', () => {
    for (const [, { TimeoutSeconds }] of tasks) expect(TimeoutSeconds).toBeGreaterThan(0);
    const taskSeconds = tasks.reduce((sum, [, { TimeoutSeconds = 0 }]) => sum + 2 * TimeoutSeconds, 0);
    expect(definition.TimeoutSeconds).toBeGreaterThan(maxDeploySeconds + taskSeconds);
  });

  it('retries every task in the same way', () => {
    const [first] = tasks;
    for (const [, { Retry }] of tasks) expect(Retry).toEqual(first?.[1].Retry);
  });

  it('retries the transient names of the closed list, and knows no other name but AWS’s own', () => {
    const [transient, once] = tasks[0]?.[1].Retry ?? [];
    const own = (retrier: v.InferOutput<typeof Retrier> | undefined) =>
      retrier?.ErrorEquals.filter((name) => !/^(Lambda|States|Sandbox|Runtime)\./.test(name));
    expect(own(transient)).toEqual([...transientErrorNames]);
    expect(own(once)).toEqual(['CredentialsExpired']);
  });

  it('catches nothing and has no Fail state, so that a redrive starts at the state that failed', () => {
    for (const state of Object.values(definition.States)) {
      expect(state).not.toHaveProperty('Catch');
      expect(state.Type).not.toBe('Fail');
    }
  });
});
