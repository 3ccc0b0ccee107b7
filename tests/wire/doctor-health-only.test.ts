/** What the doctor looks at of a target that leaves out its metric, its metric function, or both. */
import { openDoctorClients } from '../../aws/doctor/clients.ts';
import { gatherFacts } from '../../aws/doctor/gather.ts';
import { diagnose } from '../../workflow/doctor/diagnosis.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import { groupName, parameterName } from '../support/app-names.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { healthOnlyTarget } from '../support/healthy-facts.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
  aws.parameters.put({ Name: parameterName, Value: 'INTERNAL_KEY=x\nDB_HOST=db\n', Type: 'SecureString' });
});
afterEach(() => aws.close());

/** Nobody listens there, so nothing proves that the endpoint answers. */
const endpoint = { url: 'http://127.0.0.1:1/' };
const metric = { namespace: 'App', name: 'Count', dimensions: { AutoScalingGroupName: groupName } };

/** The states of the links that are not told by the env and the instances, and the operations that were called. */
async function look(target: DeployedTarget) {
  const clients = openDoctorClients(target, aws.clientConfig);
  try {
    const { facts } = await gatherFacts({ target, clients, nowMs: Date.now() });
    const states = Object.fromEntries(diagnose(facts, target).links.map(({ link, state }) => [link, state]));
    return { facts, states, operations: new Set(aws.endpoint.calls.map(({ operation }) => operation)) };
  } finally {
    clients.close();
  }
}

describe('the doctor', () => {
  it('looks at no function, metric, alarm or group of a target without them', async () => {
    const { states, operations } = await look(healthOnlyTarget({ endpoint }));
    for (const link of ['function', 'schedule', 'network', 'metric', 'alarms', 'policy', 'group'])
      expect([link, states[link]]).toEqual([link, 'absent']);
    expect(states).toMatchObject({ env: 'ok', endpoint: 'unknown' });
    const looked = [...operations].filter((name) =>
      /Function|Alias|Metric|Alarm|Rule|Scaling|Polic/.test(name),
    );
    expect(looked).toEqual([]);
  });

  it('looks at a metric that somebody else publishes, and at what scales by it', async () => {
    aws.metrics.put('App', [
      {
        MetricName: 'Count',
        Dimensions: [{ Name: 'AutoScalingGroupName', Value: groupName }],
        Value: 1,
        Timestamp: Date.now(),
        StorageResolution: 60,
      },
    ]);
    const { facts, states, operations } = await look(healthOnlyTarget({ endpoint, metric }));
    expect(facts).toMatchObject({ function: null, invocations: null, callers: null });
    // Who publishes may not have asked the endpoint.
    expect(facts.answer).toMatchObject({ fault: 'EndpointUnreachable' });
    expect(states).toMatchObject({ endpoint: 'unknown', function: 'absent', metric: 'ok', policy: 'broken' });
    expect(operations).toContain('DescribePolicies');
    expect([...operations].filter((name) => /Function|Alias|Rule/.test(name))).toEqual([]);
  });

  it('looks at the function of a target without a metric', async () => {
    aws.addFunction('metric', 'return 1', {});
    const metricFunction = { name: 'metric', answerPath: 'count' };
    const { facts, states, operations } = await look(healthOnlyTarget({ endpoint, metricFunction }));
    expect(facts).toMatchObject({ metric: null, dimensionSets: null, policies: null });
    expect(states).toMatchObject({ function: 'ok', schedule: 'broken', metric: 'absent', policy: 'absent' });
    expect(operations).not.toContain('ListMetrics');
  });
});
