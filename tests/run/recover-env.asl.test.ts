/** The compiled state machine on every path, with the functions played and the retries' waits cut short. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { maxDeploySeconds } from '../../functions/deploy-api.ts';
import type { FunctionOutcome } from '../../sandbox/function-runtime.ts';
import type { Execution } from '../../sandbox/services/execution.ts';
import { StateMachineProperties, StateMachines } from '../../sandbox/services/states.ts';
import { resolveTemplate, resourcesOf } from '../../sandbox/template.ts';
import * as chain from '../../workflow/chain.ts';
import { errorNames, retriedErrorNames } from '../../workflow/errors.ts';
import { Approval, type Decision, decisions, planRejected, RecoveryPlan } from '../../workflow/plan.ts';
import * as results from '../../workflow/results.ts';
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
const Transition = v.looseObject({ Next: v.string(), ResultPath: v.optional(v.string()) });
const State = v.looseObject({
  Next: v.optional(v.string()),
  Default: v.optional(v.string()),
  Choices: v.optional(v.array(Transition)),
  Catch: v.optional(v.array(Transition)),
  ResultPath: v.optional(v.string()),
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

/** A schema, as far as it is looked at here. */
interface Schema {
  readonly entries?: Readonly<Record<string, { readonly type: string }>>;
}

const fieldOf = (path: string | undefined) => path?.replace(/^\$\./, '');

/** What a function answers: a value, or the name of an error it throws. One after the other, the last for good. */
type Answers = Record<string, readonly (object | string)[]>;

const request = (part: object = {}) => ({
  takeLease: [{ request: { mode: 'recover', deploy: 'auto', ...part }, lease: {} }],
});
const decided = (...decisions: Decision[]) => ({
  planRecovery: decisions.map((decision) => ({ decision, hash: 'one' })),
});
const healthy: Answers = {
  ...request(),
  validateEnv: [{ complete: true }],
  checkEndpoint: [{ finding: 'Healthy' }],
  ...decided('LeaveAlone'),
  requestApproval: [{}],
  announceRecovery: [{}],
  uploadEnv: [{ outcome: 'Restored' }],
  deployApi: [{ outcome: 'Success' }],
  verifyEndpoint: [{ httpStatus: 200 }],
  patchLambdaEnv: [{ outcome: 'Unchanged' }],
  confirmBacklog: [{ backlog: 7 }],
  markKnownGood: [{ outcome: 'AlreadyMarked' }],
  reportRecovery: [{ outcome: 'Healthy' }],
};
/** Everything has to be done. */
const outage: Answers = { validateEnv: [{ complete: false }], ...decided('Repair') };

let play: (functionName: string, input: unknown) => FunctionOutcome;
const machines = new StateMachines({
  retryMilliseconds: 0,
  invoke: async (arn, input) => play(arn.split('-').at(-1) ?? '', input),
});
machines.add(machine.arn, machine.properties.StateMachineName, machine.properties.DefinitionString);

/** @param answer what a person answers at once to an execution that asks: yes, or no with its reason. */
async function run(answers: Answers, answer?: object | string, machineArn = machine?.arn ?? '') {
  const played: string[] = [];
  const inputs = new Map<string, unknown>();
  play = (name, input) => {
    const queue = { ...healthy, ...answers }[name] ?? [];
    const result = queue[Math.min(played.filter((one) => one === name).length, queue.length - 1)];
    played.push(name);
    inputs.set(name, input);
    const token = v.safeParse(v.object({ taskToken: v.string() }), input);
    if (answer !== undefined && token.success && typeof result !== 'string')
      setImmediate(() =>
        typeof answer === 'string'
          ? machines.failTask(token.output.taskToken, answer, '{}')
          : machines.succeedTask(token.output.taskToken, JSON.stringify(answer)),
      );
    return typeof result === 'string' ? { error: { errorType: result, errorMessage: 'played' } } : { result };
  };
  const execution = machines.start(machineArn, '{"reason":"test"}');
  await execution.ended;
  return { execution, played, inputs };
}

/** How many states an execution has entered: what it costs. */
const enteredBy = ({ history }: Execution) =>
  history.filter(({ type }) => type.endsWith('StateEntered')).length;

const looks = ['takeLease', 'validateEnv', 'checkEndpoint', 'planRecovery'];
const changes = ['announceRecovery', 'uploadEnv', 'deployApi'];
const proof = ['verifyEndpoint', 'patchLambdaEnv', 'confirmBacklog', 'markKnownGood', 'reportRecovery'];

describe('the state machine', () => {
  it.each<[string, Answers, string[]]>([
    [
      'goes straight to the metric where all is well',
      {},
      [...looks, 'confirmBacklog', 'markKnownGood', 'reportRecovery'],
    ],
    ['verifies what was not seen healthy', decided('Verify'), [...looks, ...proof]],
    ['repairs what has to be', outage, [...looks, ...changes, ...proof]],
    [
      'goes on where nothing is to be restored or deployed',
      { ...outage, uploadEnv: [{ outcome: 'NotPlanned' }], deployApi: [{ outcome: 'NotPlanned' }] },
      [...looks, ...changes, ...proof],
    ],
    [
      'watches again while the command runs',
      {
        ...outage,
        deployApi: [{ outcome: 'InProgress' }, { outcome: 'InProgress' }, { outcome: 'Success' }],
      },
      [...looks, ...changes, 'deployApi', 'deployApi', ...proof],
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

  it('ends a plan with the plan as its output', async () => {
    const { execution, played } = await run(decided('ShowPlan'));
    expect(played).toEqual(looks);
    expect(JSON.parse(execution.output ?? '')).toEqual({ decision: 'ShowPlan', hash: 'one' });
  });

  it('knows every decision that a plan can come to', () => {
    const choices = JSON.stringify(definition.States.GoByDecision);
    // Refuse is what is left.
    expect(decisions.filter((decision) => !choices.includes(`"${decision}"`))).toEqual(['Refuse']);
  });

  it.each<[string, Answers, number]>([
    ['a healthy run', {}, 9],
    [
      'an outage with a deploy of a minute',
      { ...outage, deployApi: [{ outcome: 'InProgress' }, { outcome: 'Success' }] },
      17,
    ],
    ['a plan', decided('ShowPlan'), 7],
    ['a second execution', { takeLease: [{ outcome: 'AlreadyRunning' }] }, 3],
  ])('enters no more states than it has to in %s', async (_what, answers, most) => {
    expect(enteredBy((await run(answers)).execution)).toBe(most);
  });

  describe('with an approval', () => {
    const approval = { decision: 'Approved', hash: 'one' };

    it('asks before it changes anything, and plans again when it was given', async () => {
      const { execution, played } = await run({ ...outage, ...decided('AskFirst', 'Repair') }, approval);
      expect(execution.status).toBe('SUCCEEDED');
      const plans = ['validateEnv', 'checkEndpoint', 'planRecovery'];
      expect(played).toEqual([...looks, 'requestApproval', ...plans, ...changes, ...proof]);
    });

    it('hands the answer to the plan, which is held to it', async () => {
      const { inputs } = await run({ ...outage, ...decided('AskFirst', 'Repair') }, approval);
      expect(inputs.get('planRecovery')).toMatchObject({ state: { approval } });
    });

    it('ends and changes nothing when the plan no longer holds', async () => {
      const { execution, played } = await run({ ...outage, ...decided('AskFirst', 'Refuse') }, approval);
      expect(played.slice(-2)).toEqual(['planRecovery', 'reportRecovery']);
      expect(played).not.toContain('announceRecovery');
      expect(execution.status).toBe('SUCCEEDED');
    });

    it('ends and changes nothing when it was rejected', async () => {
      const { execution, played, inputs } = await run({ ...outage, ...decided('AskFirst') }, planRejected);
      expect(played).toEqual([...looks, 'requestApproval', 'reportRecovery']);
      expect(inputs.get('reportRecovery')).toMatchObject({ state: { refusal: { Error: planRejected } } });
      expect(execution.status).toBe('SUCCEEDED');
    });

    it('ends and changes nothing when nobody answers in time', async () => {
      const impatient = `${machine?.arn}-impatient`;
      const inASecond = JSON.parse(machine?.properties.DefinitionString ?? '');
      inASecond.States.RequestApproval.TimeoutSeconds = 1;
      machines.add(impatient, 'impatient', JSON.stringify(inASecond));
      const { execution, played } = await run({ ...outage, ...decided('AskFirst') }, undefined, impatient);
      expect(played.slice(-2)).toEqual(['requestApproval', 'reportRecovery']);
      expect(execution.status).toBe('SUCCEEDED');
    });

    it('asks for none where there is nothing to do by then', async () => {
      const { played } = await run({ ...outage, ...decided('AskFirst', 'LeaveAlone') }, approval);
      expect(played.slice(-4)).toEqual(['planRecovery', 'confirmBacklog', 'markKnownGood', 'reportRecovery']);
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
        plan: { decision: 'Repair' },
        upload: { outcome: 'Restored' },
        deployment: { outcome: 'Success' },
        endpoint: { httpStatus: 200 },
        patch: { outcome: 'Unchanged' },
        backlog: { backlog: 7 },
      },
    });
  });

  /** Those that the guide of Step Functions names for tasks that call Lambda. */
  const transientOfLambda = [
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.ClientExecutionTimeoutException',
  ];
  it.each([...retriedErrorNames, ...transientOfLambda])(
    'tries four more times on %s, then fails by that name',
    async (name) => {
      const recovered = await run({
        ...outage,
        uploadEnv: [name, name, name, name, { outcome: 'Restored' }],
      });
      expect(recovered.execution.status).toBe('SUCCEEDED');
      const { execution, played } = await run({ ...outage, uploadEnv: [name] });
      expect(execution).toMatchObject({ status: 'FAILED', error: name });
      expect(played.filter((one) => one === 'uploadEnv')).toHaveLength(5);
    },
  );

  it.each([
    'CredentialsExpired',
    'Lambda.Unknown',
    'Sandbox.Timedout',
    'Runtime.ExitError',
    'States.Timeout',
  ])('tries once more on %s', async (name) => {
    const { execution, played } = await run({ validateEnv: [name] });
    expect(execution).toMatchObject({ status: 'FAILED', error: name });
    expect(played).toHaveLength(3);
  });

  it('waits for a function in a VPC to get its network interface back', async () => {
    const notReady = [
      'Lambda.ResourceNotReadyException',
      ...Array(11).fill('Lambda.ResourceConflictException'),
    ];
    const { execution } = await run({ checkEndpoint: [...notReady, { finding: 'Healthy' }] });
    expect(execution.status).toBe('SUCCEEDED');
  });

  it.each([
    ['deployApi', outage, ['EnvOverlooked', { outcome: 'Success' }]],
    ['verifyEndpoint', decided('Verify'), ['EnvOverlooked', { httpStatus: 200 }]],
    ['markKnownGood', {}, ['EnvOverlooked', { outcome: 'AlreadyMarked' }]],
  ] as const)(
    'looks at the env again when %s has found that it was overlooked',
    async (key, answers, own) => {
      const { execution, played, inputs } = await run({ ...answers, [key]: own });
      expect(execution.status).toBe('SUCCEEDED');
      expect(played.slice(played.indexOf(key), played.indexOf(key) + 2)).toEqual([key, 'validateEnv']);
      expect(inputs.get('validateEnv')).toMatchObject({
        state: { env: { caught: { Error: 'EnvOverlooked' } } },
      });
    },
  );

  it('tells DeployApi which try it is', async () => {
    const { inputs } = await run({
      ...outage,
      deployApi: ['AwsUnavailable', { outcome: 'Success' }],
    });
    expect(inputs.get('deployApi')).toMatchObject({ retryCount: 1 });
    const { inputs: first } = await run(outage);
    expect(first.get('deployApi')).toMatchObject({ retryCount: 0 });
  });

  const finalNames = errorNames.filter(
    (name) =>
      !['CredentialsExpired', 'EnvOverlooked'].includes(name) &&
      !retriedErrorNames.some((transient) => transient === name),
  );
  it.each(finalNames)('fails at once on %s', async (name) => {
    const { execution, played } = await run({ ...decided('Verify'), verifyEndpoint: [name] });
    expect(execution).toMatchObject({ status: 'FAILED', error: name });
    expect(played.slice(-2)).toEqual(['planRecovery', 'verifyEndpoint']);
  });

  it.each(tasks.map(([task]) => `${task.charAt(0).toLowerCase()}${task.slice(1)}`))(
    'ends natively where %s fails',
    async (key) => {
      const path = key === 'requestApproval' ? decided('AskFirst') : {};
      const { execution, played } = await run({ ...outage, ...path, [key]: ['AccessDenied'] }, {});
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
      // That a plan is rejected, that nobody answers, or that the env was overlooked, is an outcome.
      if (['DeployApi', 'VerifyEndpoint', 'MarkKnownGood'].includes(name))
        expect(state.Catch).toMatchObject([{ ErrorEquals: ['EnvOverlooked'], Next: 'ValidateEnv' }]);
      else if (name === 'RequestApproval')
        expect(state.Catch).toMatchObject([
          { ErrorEquals: [planRejected, 'States.Timeout'], Next: 'ReportRecovery' },
        ]);
      else expect(state).not.toHaveProperty('Catch');
    }
  });

  it('hands every state the execution with its redrives, which the fence asks for', () => {
    for (const [, { Parameters }] of tasks)
      expect(JSON.stringify(Parameters)).toContain('"redriveCount.$":"$$.Execution.RedriveCount"');
  });
});

/** What each state needs of the state object, and what it gives. */
const states: Record<string, { readonly input: Schema; readonly result: object }> = {
  ValidateEnv: { input: chain.ValidateEnvInput, result: results.EnvFinding },
  CheckEndpoint: { input: chain.CheckEndpointInput, result: results.EndpointCheck },
  PlanRecovery: { input: chain.PlanRecoveryInput, result: RecoveryPlan },
  RequestApproval: { input: chain.RequestApprovalInput, result: Approval },
  AnnounceRecovery: { input: chain.AnnounceRecoveryInput, result: results.Announcement },
  UploadEnv: { input: chain.UploadEnvInput, result: results.EnvUpload },
  DeployApi: { input: chain.DeployApiInput, result: results.Deployment },
  VerifyEndpoint: { input: chain.VerifyEndpointInput, result: results.EndpointProof },
  PatchLambdaEnv: { input: chain.PatchLambdaEnvInput, result: results.FunctionPatch },
  ConfirmBacklog: { input: chain.ConfirmBacklogInput, result: results.BacklogProof },
  MarkKnownGood: { input: chain.MarkKnownGoodInput, result: results.KnownGood },
};

describe('the chain of inputs and results', () => {
  /** The fields of the state object that are there whichever way has led into a state. */
  const guaranteed = new Map<string, ReadonlySet<string>>();
  const walk = (name: string, fields: ReadonlySet<string>) => {
    const known = guaranteed.get(name);
    const common = known ? known.intersection(fields) : fields;
    if (known && common.size === known.size) return;
    guaranteed.set(name, common);
    const { ResultPath, Next, Default, Choices = [], Catch = [] } = definition.States[name] ?? {};
    const given = name === 'TakeLease' ? Object.keys(chain.TakeLeaseOutput.entries) : [fieldOf(ResultPath)];
    const after = new Set([...common, ...given.filter((field) => field !== undefined)]);
    for (const next of [Next, Default, ...Choices.map((choice) => choice.Next)]) if (next) walk(next, after);
    for (const caught of Catch) walk(caught.Next, new Set([...common, fieldOf(caught.ResultPath) ?? '']));
  };
  walk('TakeLease', new Set());

  it('has every state but the first and the last', () => {
    expect(Object.keys(states).sort()).toEqual(
      tasks
        .map(([name]) => name)
        .filter((name) => !['TakeLease', 'ReportRecovery'].includes(name))
        .sort(),
    );
  });

  it.each(Object.entries(states))('gives %s all that it needs, on every way into it', (name, { input }) => {
    const needed = Object.entries(input.entries ?? {})
      .filter(([, { type }]) => type !== 'exact_optional')
      .map(([field]) => field);
    expect(needed.filter((field) => !guaranteed.get(name)?.has(field))).toEqual([]);
  });

  it('gives ReportRecovery all that a proven or a refused run needs', () => {
    const refused = Object.entries(chain.RefusedRun.entries).filter(
      ([, { type }]) => type !== 'exact_optional',
    );
    expect(refused.filter(([field]) => !guaranteed.get('ReportRecovery')?.has(field))).toEqual([]);
    const proven = new Set(['backlog', 'knownGood', ...(guaranteed.get('MarkKnownGood') ?? [])]);
    const needed = Object.entries(chain.ProvenRun.entries).filter(
      ([, { type }]) => type !== 'exact_optional',
    );
    expect(needed.filter(([field]) => !proven.has(field))).toEqual([]);
  });

  it.each(Object.entries(states))(
    'puts the result of %s where the state object has it',
    (name, { result }) => {
      const field = fieldOf(definition.States[name]?.ResultPath);
      const entries = new Map<string | undefined, object>(Object.entries(chain.RecoveryState.entries));
      expect(entries.get(field)).toMatchObject({ wrapped: result });
    },
  );
});
