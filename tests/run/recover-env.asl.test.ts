/** The compiled state machine on every path, with the functions played and the retries' waits cut short. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { maxDeploySeconds } from '../../functions/deploy-api.ts';
import type { FunctionOutcome } from '../../sandbox/function-runtime.ts';
import { StateMachineProperties, StateMachines } from '../../sandbox/services/states.ts';
import { resolveTemplate, resourcesOf } from '../../sandbox/template.ts';
import { errorNames, retriedErrorNames } from '../../workflow/errors.ts';
import { maxApprovalMinutes } from '../../workflow/target.ts';
import { packagedIn } from '../support/package-stacks.ts';

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

const request = (part: object = {}) => ({
  takeLease: [{ request: { mode: 'recover', deploy: 'auto', ...part }, lease: { token: 1 } }],
});
const planned = (part: object = {}) => ({
  planRecovery: [{ changes: true, needsApproval: false, hash: 'one', restore: null, deploy: null, ...part }],
});
const healthy: Answers = {
  ...request(),
  validateEnv: [{ complete: true }],
  checkEndpoint: [{ needsDeploy: false }],
  ...planned({ changes: false }),
  requestApproval: [{}],
  reportRefusal: [{ outcome: 'NotApproved' }],
  announceRecovery: [{}],
  uploadEnv: [{ outcome: 'Restored' }],
  deployApi: [{ status: 'InProgress' }],
  awaitDeploy: [{ status: 'Success' }],
  verifyEndpoint: [{ httpStatus: 200 }],
  patchLambdaEnv: [{ outcome: 'Unchanged' }],
  confirmBacklog: [{ backlog: 7 }],
  markKnownGood: [{ outcome: 'AlreadyMarked' }],
  reportRecovery: [{ outcome: 'Healthy' }],
};
/** Everything has to be done. */
const outage: Answers = {
  validateEnv: [{ complete: false }],
  ...planned({ restore: {}, deploy: {} }),
};

let play: (functionName: string, input: unknown) => FunctionOutcome;
const machines = new StateMachines({
  retryMilliseconds: 0,
  invoke: async (arn, input) => play(arn.split('-').at(-1) ?? '', input),
});
machines.add(machine.arn, machine.properties.StateMachineName, machine.properties.DefinitionString);

/** @param approval what a person answers at once to an execution that asks. */
async function run(answers: Answers, approval?: object, machineArn = machine?.arn ?? '') {
  const played: string[] = [];
  const inputs = new Map<string, unknown>();
  play = (name, input) => {
    const queue = { ...healthy, ...answers }[name] ?? [];
    const answer = queue[Math.min(played.filter((one) => one === name).length, queue.length - 1)];
    played.push(name);
    inputs.set(name, input);
    const token = v.safeParse(v.object({ taskToken: v.string() }), input);
    if (approval && token.success && typeof answer !== 'string')
      setImmediate(() => machines.succeedTask(token.output.taskToken, JSON.stringify(approval)));
    return typeof answer === 'string'
      ? { error: { errorType: answer, errorMessage: 'played' } }
      : { result: answer };
  };
  const execution = machines.start(machineArn, '{"reason":"test"}');
  await execution.ended;
  return { execution, played, inputs };
}

const proof = ['verifyEndpoint', 'patchLambdaEnv', 'confirmBacklog', 'markKnownGood', 'reportRecovery'];

describe('the state machine', () => {
  const looks = ['takeLease', 'validateEnv', 'checkEndpoint', 'planRecovery'];
  it.each<[string, Answers, string[]]>([
    ['changes nothing in a healthy system', {}, [...looks, ...proof]],
    [
      'deploys an unhealthy one',
      planned({ deploy: {} }),
      [...looks, 'announceRecovery', 'deployApi', 'awaitDeploy', ...proof],
    ],
    [
      'restores an incomplete env and deploys it, without asking the endpoint first',
      outage,
      [
        'takeLease',
        'validateEnv',
        'planRecovery',
        'announceRecovery',
        'uploadEnv',
        'deployApi',
        'awaitDeploy',
        ...proof,
      ],
    ],
    [
      'does not ask the endpoint where the request decides about the deploy',
      request({ deploy: 'always' }),
      ['takeLease', 'validateEnv', 'planRecovery', ...proof],
    ],
    ['tells before it patches alone', planned(), [...looks, 'announceRecovery', ...proof]],
    [
      'restores without a deploy',
      planned({ restore: {} }),
      [...looks, 'announceRecovery', 'uploadEnv', ...proof],
    ],
    [
      'watches again while the command runs',
      {
        ...planned({ deploy: {} }),
        awaitDeploy: [{ status: 'InProgress' }, { status: 'InProgress' }, { status: 'Success' }],
      },
      [...looks, 'announceRecovery', 'deployApi', 'awaitDeploy', 'awaitDeploy', 'awaitDeploy', ...proof],
    ],
    [
      'sends another command for one that was abandoned',
      {
        ...planned({ deploy: {} }),
        awaitDeploy: [{ status: 'Abandoned' }, { status: 'Success' }],
      },
      [...looks, 'announceRecovery', 'deployApi', 'awaitDeploy', 'deployApi', 'awaitDeploy', ...proof],
    ],
  ])('%s', async (_what, answers, expected) => {
    const { execution, played } = await run(answers);
    expect(played).toEqual(expected);
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: '{"outcome":"Healthy"}' });
  });

  it.each(['AlreadyRunning', 'CoolingDown', 'CircuitOpen'])(
    'ends at once as %s, with that as its output',
    async (outcome) => {
      const { execution, played } = await run({ takeLease: [{ outcome, owner: 'x' }] });
      expect(played).toEqual(['takeLease']);
      expect(execution).toMatchObject({ status: 'SUCCEEDED' });
      expect(JSON.parse(execution.output ?? '')).toEqual({ outcome, owner: 'x' });
    },
  );

  it('ends a plan with the plan as its output, whatever it is', async () => {
    for (const plan of [planned(), planned({ changes: false }), planned({ needsApproval: true })]) {
      const { execution, played } = await run({ ...request({ mode: 'plan' }), ...plan });
      expect(played.at(-1)).toBe('planRecovery');
      expect(JSON.parse(execution.output ?? '')).toEqual(plan.planRecovery[0]);
    }
  });

  describe('with an approval', () => {
    const needsApproval = { ...outage, ...planned({ restore: {}, deploy: {}, needsApproval: true }) };
    const again = (hash: string) => ({
      planRecovery: [...needsApproval.planRecovery, { ...needsApproval.planRecovery[0], hash }],
    });

    it('asks before it changes anything, and plans anew when it was given', async () => {
      const { execution, played } = await run(needsApproval, { decision: 'Approved', hash: 'one' });
      expect(execution.status).toBe('SUCCEEDED');
      expect(played.slice(0, 7)).toEqual([
        'takeLease',
        'validateEnv',
        'planRecovery',
        'requestApproval',
        'validateEnv',
        'planRecovery',
        'announceRecovery',
      ]);
    });

    it.each<[string, Answers, { decision: string; hash: string }]>([
      ['was rejected', {}, { decision: 'Rejected', hash: 'one' }],
      ['is of a plan that no longer holds', again('two'), { decision: 'Approved', hash: 'one' }],
      ['is of another plan than was shown', {}, { decision: 'Approved', hash: 'two' }],
    ])('ends and changes nothing when it %s', async (_what, answers, answer) => {
      const { execution, played } = await run({ ...needsApproval, ...answers }, answer);
      expect(played.at(-1)).toBe('reportRefusal');
      expect(played).not.toContain('announceRecovery');
      expect(execution).toMatchObject({ status: 'SUCCEEDED', output: '{"outcome":"NotApproved"}' });
    });

    it('ends and changes nothing when nobody answers in time', async () => {
      const impatient = `${machine?.arn}-impatient`;
      const inASecond = JSON.parse(machine?.properties.DefinitionString ?? '');
      inASecond.States.RequestApproval.TimeoutSeconds = 1;
      machines.add(impatient, 'impatient', JSON.stringify(inASecond));
      const { execution, played } = await run(needsApproval, undefined, impatient);
      expect(played.slice(-2)).toEqual(['requestApproval', 'reportRefusal']);
      expect(execution).toMatchObject({ status: 'SUCCEEDED', output: '{"outcome":"NotApproved"}' });
    });

    it('asks for none where there is nothing to do by then', async () => {
      const { played } = await run(
        { ...needsApproval, planRecovery: [...needsApproval.planRecovery, { changes: false }] },
        { decision: 'Approved', hash: 'one' },
      );
      expect(played.slice(-6)).toEqual(['planRecovery', ...proof]);
    });
  });

  it('hands the execution’s raw input, and what it is, to TakeLease', async () => {
    const { inputs, execution } = await run({});
    expect(inputs.get('takeLease')).toEqual({
      state: { input: { reason: 'test' } },
      execution: {
        arn: execution.executionArn,
        name: execution.name,
        startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        redriveCount: 0,
      },
      retryCount: 0,
    });
  });

  it('hands ReportRecovery all that the states have found', async () => {
    const { inputs } = await run(outage);
    expect(inputs.get('reportRecovery')).toMatchObject({
      execution: { redriveCount: 0 },
      state: {
        request: { mode: 'recover' },
        plan: { changes: true },
        upload: { outcome: 'Restored' },
        deployment: { status: 'Success' },
        endpoint: { httpStatus: 200 },
        patch: { outcome: 'Unchanged' },
        backlog: { backlog: 7 },
      },
    });
  });

  it.each(retriedErrorNames)('tries four more times on %s, then fails by that name', async (name) => {
    const recovered = await run({
      ...outage,
      uploadEnv: [name, name, name, name, { outcome: 'Restored' }],
    });
    expect(recovered.execution.status).toBe('SUCCEEDED');
    const { execution, played } = await run({ ...outage, uploadEnv: [name] });
    expect(execution).toMatchObject({ status: 'FAILED', error: name });
    expect(played.filter((one) => one === 'uploadEnv')).toHaveLength(5);
  });

  it.each(['CredentialsExpired', 'Lambda.Unknown', 'Sandbox.Timedout', 'Runtime.ExitError'])(
    'tries once more on %s',
    async (name) => {
      const { execution, played } = await run({ validateEnv: [name] });
      expect(execution).toMatchObject({ status: 'FAILED', error: name });
      expect(played).toHaveLength(3);
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
      ...outage,
      deployApi: ['AwsUnavailable', { status: 'InProgress' }],
    });
    expect(inputs.get('deployApi')).toMatchObject({ retryCount: 1 });
    const { inputs: first } = await run(outage);
    expect(first.get('deployApi')).toMatchObject({ retryCount: 0 });
  });

  const finalNames = errorNames.filter(
    (name) => name !== 'CredentialsExpired' && !retriedErrorNames.some((transient) => transient === name),
  );
  it.each(finalNames)('fails at once on %s', async (name) => {
    const { execution, played } = await run({ verifyEndpoint: [name] });
    expect(execution).toMatchObject({ status: 'FAILED', error: name });
    expect(played.slice(-2)).toEqual(['planRecovery', 'verifyEndpoint']);
  });

  it.each(tasks.map(([task]) => `${task.charAt(0).toLowerCase()}${task.slice(1)}`))(
    'ends natively where %s fails',
    async (key) => {
      const asks = ['requestApproval', 'reportRefusal'].includes(key);
      const path = key === 'checkEndpoint' ? {} : outage;
      const { execution, played } = await run(
        { ...path, ...(asks ? planned({ needsApproval: true }) : {}), [key]: ['AccessDenied'] },
        { decision: 'Rejected', hash: 'one' },
      );
      expect(execution).toMatchObject({ status: 'FAILED', error: 'AccessDenied' });
      expect(played.at(-1)).toBe(key);
      expect(execution.history.at(-1)?.type).toBe('ExecutionFailed');
    },
  );
});

describe('the definition', () => {
  it('bounds every task, and the machine by more than the longest deploy and two tries of each task take', () => {
    for (const [, { TimeoutSeconds }] of tasks) expect(TimeoutSeconds).toBeGreaterThan(0);
    const taskSeconds = tasks
      .filter(([name]) => name !== 'RequestApproval')
      .reduce((sum, [, { TimeoutSeconds = 0 }]) => sum + 2 * TimeoutSeconds, 0);
    expect(definition.TimeoutSeconds).toBeGreaterThan(
      maxApprovalMinutes * 60 + maxDeploySeconds + taskSeconds,
    );
  });

  it('retries every task in the same way, but for the end of the waiting for an approval', () => {
    const [first] = tasks;
    for (const [name, { Retry }] of tasks) {
      const expected = first?.[1].Retry?.map(({ ErrorEquals, ...rest }) => ({
        ErrorEquals: ErrorEquals.filter((error) => name !== 'RequestApproval' || error !== 'States.Timeout'),
        ...rest,
      }));
      expect(Retry).toEqual(expected);
    }
  });

  it('retries the transient names of the closed list, and knows no other name but AWS’s own', () => {
    const [transient, once] = tasks[0]?.[1].Retry ?? [];
    const own = (retrier: v.InferOutput<typeof Retrier> | undefined) =>
      retrier?.ErrorEquals.filter((name) => !/^(Lambda|States|Sandbox|Runtime)\./.test(name));
    expect(own(transient)).toEqual([...retriedErrorNames]);
    expect(own(once)).toEqual(['CredentialsExpired']);
  });

  it('has no Fail state and catches no failure, so that a redrive starts at the state that failed', () => {
    for (const [name, state] of Object.entries(definition.States)) {
      expect(state.Type).not.toBe('Fail');
      // That nobody answers is an outcome.
      if (name === 'RequestApproval')
        expect(state.Catch).toMatchObject([{ ErrorEquals: ['States.Timeout'], Next: 'ReportRefusal' }]);
      else expect(state).not.toHaveProperty('Catch');
    }
  });

  it('hands every state the execution with its redrives, which the fence asks for', () => {
    for (const [, { Parameters }] of tasks)
      expect(JSON.stringify(Parameters)).toContain('"redriveCount.$":"$$.Execution.RedriveCount"');
  });
});
