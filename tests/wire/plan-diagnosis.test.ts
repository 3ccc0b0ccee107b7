/** What a plan says of the whole chain to the person who reads it. */

import type { Clock } from '../../aws/clock.ts';
import { planRecovery } from '../../functions/plan-recovery.ts';
import { AwsError, type Fault } from '../../sandbox/endpoint.ts';
import type { PlanRecoveryInput } from '../../workflow/chain.ts';
import { hashPlan } from '../../workflow/plan.ts';
import type { EndpointCheck, EnvFinding } from '../../workflow/results.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import { doctorOf } from '../support/ask-doctor.ts';
import { envFinding, type TestAws } from '../support/aws.ts';
import { executionRef } from '../support/execution-facts.ts';
import { type ChainOptions, openChain, putEnv, target } from '../support/healthy-chain.ts';
import { servicesOf, steppedClock } from '../support/services.ts';

let aws: TestAws;
const open = async (options?: ChainOptions) => {
  aws = await openChain(options);
};
afterEach(() => aws.close());

const notAsked: EndpointCheck = { finding: 'NotAsked', needsDeploy: false, httpStatus: null, proof: null };
const unhealthy: EndpointCheck = {
  ...notAsked,
  finding: 'EndpointUnhealthy',
  needsDeploy: true,
  httpStatus: 502,
};

interface Circumstances {
  readonly mode?: PlanRecoveryInput['request']['mode'];
  readonly env?: Partial<EnvFinding>;
  readonly check?: EndpointCheck;
  readonly approval?: DeployedTarget['approval'];
  /** The doctor's. */
  readonly clock?: Clock;
}

function plan({ mode = 'plan', env = {}, check = notAsked, approval, clock }: Circumstances) {
  const deployed: DeployedTarget = { name: 'sandbox', ...target, ...(approval ? { approval } : {}) };
  const request = { mode, deploy: 'auto', force: false, reason: null, trigger: 'operator' } as const;
  return planRecovery(
    {
      execution: executionRef(),
      request,
      env: envFinding({ parameterName: target.parameter.name, ...env }),
      check,
    },
    {
      ...servicesOf(aws),
      target: deployed,
      ssm: aws.ssm.reader,
      backupSsm: aws.ssm.reader,
      lambda: aws.lambda.reader,
      askDoctor: doctorOf(aws, deployed, clock),
    },
  );
}

/** Wipes the env, and says what ValidateEnv would find. */
function wipe(): Partial<EnvFinding> {
  putEnv(aws, 'LAMBDA_INTERNAL_API_KEY=canary\n');
  return { complete: false, finding: 'Incomplete', version: 2, keys: ['LAMBDA_INTERNAL_API_KEY'] };
}
const fault = (name: string, answer: Fault) => {
  aws.endpoint.injectFault = ({ operation }) => (operation === name ? answer : undefined);
};

describe('the diagnosis in a plan', () => {
  it('is what is broken first, what follows from it, and what nobody could look at, and holds no value', async () => {
    await open({ stoppedMinutesAgo: 20 });
    const { diagnosis } = await plan({ env: wipe() });
    expect(diagnosis).toMatchObject({
      broken: {
        link: 'env',
        code: 'EnvIncomplete',
        says: expect.stringContaining('DB_HOST is missing'),
        fix: [
          'npx --no-install recover env restore --target sandbox',
          expect.stringMatching(/^aws stepfunctions start-execution .*stateMachine:env-recovery-sandbox /),
        ],
      },
      following: expect.arrayContaining(['MetricStopped', 'HeartbeatFiring']),
    });
    expect(diagnosis?.unknown.map(({ link }) => link)).toEqual(['endpoint']);
    expect(JSON.stringify(diagnosis)).not.toContain('canary');
  });

  it('goes by what the endpoint answered the recovery, whatever an older datapoint proves', async () => {
    await open();
    const { diagnosis } = await plan({ check: unhealthy });
    expect(diagnosis).toMatchObject({
      broken: {
        code: 'EndpointUnhealthy',
        says: expect.stringContaining('gave the recovery HTTP 502'),
      },
      unknown: [],
    });
  });

  it('is nothing where every link holds', async () => {
    await open();
    const proof = {
      httpStatus: 200,
      backlog: 7,
      attempts: 1,
      verifiedAt: '2026-01-01T00:00:00.000Z',
    } as const;
    const { diagnosis } = await plan({ check: { ...notAsked, finding: 'Healthy', httpStatus: 200, proof } });
    expect(diagnosis).toEqual({ broken: null, alsoBroken: [], following: [], unknown: [] });
  });

  it('names the permission that was missing for a look', async () => {
    await open();
    fault('DescribeRule', new AwsError('AccessDeniedException', 'canary', 403));
    const planned = await plan({ check: unhealthy });
    expect(planned).toMatchObject({ outcome: 'Planned', decision: 'ShowPlan' });
    expect(planned.diagnosis?.unknown).toEqual([
      { link: 'schedule', says: expect.stringMatching(/^events:DescribeRule on .*access denied/) },
    ]);
  });

  it('keeps the plan waiting for nothing that has no answer', async () => {
    await open();
    fault('DescribeStateMachine', 'hang');
    const planned = await plan({ check: unhealthy, clock: steppedClock() });
    expect(planned).toMatchObject({ outcome: 'Planned', decision: 'ShowPlan' });
    expect(planned.diagnosis?.unknown.map(({ link }) => link)).toContain('readiness');
  });

  it('is there for whoever has to approve, but no part of what they approve', async () => {
    await open();
    const circumstances = { mode: 'recover', env: wipe(), approval: { withinMinutes: 60 } } as const;
    const asked = await plan(circumstances);
    expect(asked).toMatchObject({ decision: 'AskFirst', diagnosis: { broken: { code: 'EnvIncomplete' } } });
    fault('DescribeRule', new AwsError('AccessDeniedException', 'canary', 403));
    const again = await plan(circumstances);
    expect(again.diagnosis).not.toEqual(asked.diagnosis);
    expect(again.hash).toBe(asked.hash);
    expect(hashPlan(asked)).toBe(asked.hash);
  });

  it('is not looked for where nobody reads it: a repair waits for nothing', async () => {
    await open();
    const planned = await plan({ mode: 'recover', env: wipe() });
    expect(planned.decision).toBe('Repair');
    expect(planned).not.toHaveProperty('diagnosis');
    expect(aws.countCalls('DescribeStateMachine')).toBe(0);
  });
});
