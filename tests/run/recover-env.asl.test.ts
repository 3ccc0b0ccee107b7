/** The compiled state machine on every path, with the functions played and the retries’ waits cut short. */
import { errorNames, retriedErrorNames } from '../../workflow/errors.ts';
import { decisions, planRejected } from '../../workflow/plan.ts';
import {
  type Answers,
  decided,
  definition,
  enteredBy,
  machine,
  machines,
  outage,
  run,
  tasks,
} from '../support/compiled-machine.ts';

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

  it('ends a plan that people are told of with what ReportRecovery answers', async () => {
    const { execution, played } = await run({
      ...decided('TellPlan'),
      reportRecovery: [{ outcome: 'Planned' }],
    });
    expect(played).toEqual([...looks, 'reportRecovery']);
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: '{"outcome":"Planned"}' });
  });

  it('knows every decision that a plan can come to', () => {
    const choices = JSON.stringify(definition.States.GoByDecision);
    // These are left: they end without a change, and tell of it.
    const left = decisions.filter((decision) => !choices.includes(`"${decision}"`));
    expect(left).toEqual(['TellPlan', 'Refuse']);
  });

  it.each<[string, Answers, number]>([
    ['a healthy run', {}, 9],
    [
      'an outage with a deploy of a minute',
      { ...outage, deployApi: [{ outcome: 'InProgress' }, { outcome: 'Success' }] },
      17,
    ],
    ['a plan', decided('ShowPlan'), 7],
    ['a plan that people are told of', decided('TellPlan'), 7],
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
