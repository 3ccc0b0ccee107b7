/** The compiled state machine with the real functions, for a target that can only be seen to answer. */
import { createServer, type Server } from 'node:http';
import * as v from 'valibot';
import { openAutoScaling } from '../../aws/auto-scaling.ts';
import { announceRecovery } from '../../functions/announce-recovery.ts';
import { checkEndpoint } from '../../functions/check-endpoint.ts';
import { confirmBacklog } from '../../functions/confirm-backlog.ts';
import { deployApi } from '../../functions/deploy-api.ts';
import { markKnownGood } from '../../functions/mark-known-good.ts';
import { patchLambdaEnv } from '../../functions/patch-lambda-env.ts';
import { planRecovery } from '../../functions/plan-recovery.ts';
import { reportRecovery } from '../../functions/report-recovery.ts';
import { takeLease } from '../../functions/take-lease.ts';
import { uploadEnv } from '../../functions/upload-env.ts';
import { validateEnv } from '../../functions/validate-env.ts';
import { verifyEndpoint } from '../../functions/verify-endpoint.ts';
import { close, listen, urlOf } from '../../sandbox/endpoint.ts';
import { StateMachines } from '../../sandbox/services/states.ts';
import * as chain from '../../workflow/chain.ts';
import { ExecutionRef } from '../../workflow/execution-ref.ts';
import { RecoveryReport } from '../../workflow/report.ts';
import { parameterName } from '../support/app-names.ts';
import { appTarget } from '../support/app-target.ts';
import { doctorOf } from '../support/ask-doctor.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { enteredBy, machine } from '../support/compiled-machine.ts';
import { commandsEnded, servicesOf, steppedClock } from '../support/services.ts';

let aws: TestAws;
let api: Server;
/** What the API answers: 500 without its env, until it is deployed with one. */
let status: number;
beforeEach(async () => {
  status = 500;
  api = createServer((request, response) => {
    if (request.method === 'PUT') status = 200;
    response.writeHead(status).end();
  });
  await listen(api);
  aws = await openAws({ deployScript: `fetch('${urlOf(api)}', { method: 'PUT' })` });
});
afterEach(async () => {
  await close(api);
  await aws.close();
});

const Event = v.object({ state: v.unknown(), execution: ExecutionRef, retryCount: v.number() });
type Context = Omit<v.InferOutput<typeof Event>, 'state'>;

/** Calls the function of a state as its handler does. */
const state =
  <State extends v.GenericSchema<unknown, object>>(
    schema: State,
    run: (input: v.InferOutput<State> & Context) => Promise<unknown>,
  ) =>
  (event: unknown) => {
    const { state: input, ...context } = v.parse(Event, event);
    return run({ ...v.parse(schema, input), ...context });
  };

/**
 * The functions, for one call: its clock starts at the time that it really is, by which SSM stamps what is written
 * between two calls.
 */
function functions(): Readonly<Record<string, (event: unknown) => Promise<unknown>>> {
  const { metric: _metric, metricFunction: _function, ...target } = appTarget();
  const { backlogPath: _path, internalKey: _key, ...endpoint } = target.endpoint;
  const services = {
    ...servicesOf(aws),
    target: { ...target, endpoint: { ...endpoint, url: urlOf(api) } },
    functionName: undefined,
    clock: steppedClock(undefined, () => commandsEnded(aws)),
    autoScaling: openAutoScaling(aws.clientConfig),
    cloudWatch: aws.cloudWatch,
  };
  const both = { ...services, ssm: aws.ssm, backupSsm: aws.ssm };
  const reading = { ...services, ssm: aws.ssm.reader, backupSsm: aws.ssm.reader };
  return {
    takeLease: state(chain.TakeLeaseInput, (input) => takeLease(input, services)),
    validateEnv: state(chain.ValidateEnvInput, (input) => validateEnv(input, reading)),
    checkEndpoint: state(chain.CheckEndpointInput, (input) => checkEndpoint(input, reading)),
    planRecovery: state(chain.PlanRecoveryInput, (input) =>
      planRecovery(input, {
        ...reading,
        lambda: aws.lambda.reader,
        askDoctor: doctorOf(aws, services.target),
      }),
    ),
    announceRecovery: state(chain.AnnounceRecoveryInput, (input) => announceRecovery(input, services)),
    uploadEnv: state(chain.UploadEnvInput, (input) => uploadEnv(input, both)),
    deployApi: state(chain.DeployApiInput, (input) => deployApi(input, both)),
    verifyEndpoint: state(chain.VerifyEndpointInput, (input) => verifyEndpoint(input, reading)),
    patchLambdaEnv: state(chain.PatchLambdaEnvInput, (input) =>
      patchLambdaEnv(input, { ...reading, lambda: aws.lambda }),
    ),
    confirmBacklog: state(chain.ConfirmBacklogInput, (input) =>
      confirmBacklog(input, { ...services, lambda: aws.lambda.invoker }),
    ),
    markKnownGood: state(chain.MarkKnownGoodInput, (input) => markKnownGood(input, both)),
    reportRecovery: state(chain.ReportRecoveryInput, (input) => reportRecovery(input, services)),
  };
}

async function run() {
  const machines = new StateMachines({
    retryMilliseconds: 0,
    invoke: async (arn, event) => ({ result: await functions()[arn.split('-').at(-1) ?? '']?.(event) }),
  });
  machines.add(machine.arn, machine.properties.StateMachineName, machine.properties.DefinitionString, true);
  const execution = machines.start(machine.arn, '{}');
  await execution.ended;
  expect(execution).toMatchObject({ status: 'SUCCEEDED' });
  const report = v.parse(v.pipe(v.string(), v.parseJson(), RecoveryReport), execution.output);
  return { report, entered: enteredBy(execution) };
}

const put = (Value: string) =>
  aws.parameters.put({ Name: parameterName, Value, Type: 'SecureString', Overwrite: true });
const toOthers = () =>
  aws.endpoint.calls
    .map(({ operation }) => operation)
    .filter((operation) => /Function|Invoke|Metric|Alarm|Polic/.test(operation));

describe('a target that can only be seen to answer', () => {
  it('is restored, deployed and seen to answer, and its version becomes known-good', async () => {
    put('INTERNAL_KEY=one\n');
    put('OTHER=x\n');
    const { report, entered } = await run();
    expect(report).toMatchObject({
      outcome: 'Recovered',
      proven: ['endpoint'],
      notProven: ['backlog', 'datapoint'],
      env: { finding: 'Incomplete', restoredKeys: ['INTERNAL_KEY'], versionAfter: 3 },
      endpoint: { httpStatus: 200, backlog: null },
      function: null,
      metric: null,
      callers: null,
      scaling: null,
      knownGood: { outcome: 'Marked', version: 3 },
    });
    expect(aws.parameters.history(parameterName).map(({ Labels }) => Labels)).toEqual([
      [],
      [],
      ['known-good'],
    ]);
    expect(entered).toBeLessThanOrEqual(17);
    expect(toOthers()).toEqual([]);
    expect(aws.topics.messages.map(({ message }) => message).at(-1)).toMatch(
      /^Not proven: +a backlog number, a datapoint \(not in this target\)$/m,
    );
  });

  it('is left alone where all is well', async () => {
    put('INTERNAL_KEY=one\n');
    status = 200;
    const { report, entered } = await run();
    expect(report).toMatchObject({ outcome: 'Healthy', proven: ['endpoint'], deployment: null });
    expect(entered).toBe(9);
    expect(toOthers()).toEqual([]);
    expect(aws.topics.messages).toEqual([]);
  });
});
