/** The doctor on a target that leaves out its metric, its metric function, or both. */
import { lookFor } from '../../workflow/doctor/catalogue.ts';
import { fillCommand } from '../../workflow/doctor/commands.ts';
import { diagnose } from '../../workflow/doctor/diagnosis.ts';
import { envFacts } from '../../workflow/doctor/env-facts.ts';
import type { Facts } from '../../workflow/doctor/facts.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import {
  doctorTarget,
  envOf,
  healthOnlyTarget,
  healthyFacts,
  minutesAgo,
  seen,
} from '../support/healthy-facts.ts';

const noScaling = { scalingAlarms: null, policies: null, group: null, activities: null, refreshes: null };
const noFunction = { function: null, invocations: null, callers: null } satisfies Partial<Facts>;
const noMetric = { metric: null, dimensionSets: null, ...noScaling } satisfies Partial<Facts>;
const answering = {
  answer: { fault: undefined, detail: 'HTTP 200', isPrivate: false },
} satisfies Partial<Facts>;
const inNoVpc = { network: { isInVpc: null, isPrivate: false, looks: [] } } satisfies Partial<Facts>;
const healthOnly = (part: Partial<Facts> = {}): Facts =>
  healthyFacts({
    ...noFunction,
    ...noMetric,
    ...answering,
    ...inNoVpc,
    alarms: seen([]),
    env: seen(envOf({ headerKeys: {} })),
    ...part,
  });
const statesOf = (facts: Facts, target: DeployedTarget) =>
  Object.fromEntries(diagnose(facts, target).links.map(({ link, state }) => [link, state]));
const metric = { namespace: 'App', name: 'BacklogCount' };
const metricFunction = { name: 'metric', answerPath: 'count' };

describe('the doctor', () => {
  it('has no link that a target without a metric and a function does not have, and finds the others in order', () => {
    const target = healthOnlyTarget();
    expect(statesOf(healthOnly(), target)).toEqual({
      writer: 'ok',
      env: 'ok',
      host: 'ok',
      endpoint: 'ok',
      request: 'ok',
      function: 'absent',
      schedule: 'absent',
      network: 'absent',
      metric: 'absent',
      alarms: 'absent',
      policy: 'absent',
      group: 'absent',
      readiness: 'ok',
    });
    expect(diagnose(healthOnly(), target)).toMatchObject({ state: 'ok', causes: [] });
  });

  it('still names the first broken link', () => {
    const facts = healthOnly({
      env: seen(envOf({ gaps: ['DB_HOST is missing'], headerKeys: {} })),
      answer: { fault: 'EndpointUnhealthy', detail: 'HTTP 500', isPrivate: false },
    });
    const { state, causes } = diagnose(facts, healthOnlyTarget());
    expect(state).toBe('broken');
    expect(causes.map(({ code }) => code)).toEqual(['EnvIncomplete']);
  });

  it('says nothing of a key where the endpoint needs none', () => {
    const request = diagnose(healthOnly(), healthOnlyTarget()).links.find(({ link }) => link === 'request');
    expect(request?.seen).toEqual(['the API takes the Host api.example.com']);
    const endpoint = diagnose(healthOnly(), healthOnlyTarget()).links.find(({ link }) => link === 'endpoint');
    expect(endpoint?.seen).toEqual(['https://api.example.com/count/ answers HTTP 200']);
    expect(envFacts([], healthOnlyTarget()).headerKeys).toEqual({});
    expect(envFacts([], doctorTarget()).headerKeys).toEqual({ INTERNAL_KEY: 'Missing' });
  });

  it('looks at the metric of somebody else, which proves nothing of the endpoint', () => {
    const target = healthOnlyTarget({ metric });
    const facts = healthOnly({
      metric: seen({ lastDatapointMs: minutesAgo(1), hasUnit: null }),
      dimensionSets: seen([{}]),
      alarms: healthyFacts().alarms,
      answer: null,
    });
    expect(statesOf(facts, target)).toMatchObject({
      endpoint: 'unknown',
      function: 'absent',
      schedule: 'absent',
      metric: 'ok',
    });
  });

  it('takes the datapoint of the function for no proof of an endpoint that gives no number', () => {
    const facts = healthyFacts({ answer: null });
    const { internalKey, url } = doctorTarget().endpoint;
    const numberless = doctorTarget({ endpoint: { url, internalKey } });
    expect(statesOf(facts, doctorTarget())).toMatchObject({ endpoint: 'ok' });
    expect(statesOf(facts, numberless)).toMatchObject({ endpoint: 'unknown' });
  });

  it('looks at the function of a target without a metric', () => {
    const { function: found, invocations, callers } = healthyFacts();
    const facts = healthOnly({ function: found, invocations, callers });
    expect(statesOf(facts, healthOnlyTarget({ metricFunction }))).toMatchObject({
      function: 'ok',
      schedule: 'ok',
      metric: 'absent',
      alarms: 'absent',
    });
  });

  it('shows what is to be seen by other means than the function, where the target has none', () => {
    const shown = (target: DeployedTarget) =>
      codes.map((code) => fillCommand(lookFor(code, target), target, undefined, {}));
    const codes = ['NotReachableFromHere', 'MetricStopped', 'PathBlocked', 'NoWayOut'] as const;
    expect(shown(doctorTarget()).filter((command) => !/(lambda\/| )metric /.test(command))).toEqual([]);
    expect(
      shown(healthOnlyTarget({ metric })).filter((command) => /<function>|lambda\/metric/.test(command)),
    ).toEqual([]);
  });

  it('leaves open what a command needs of something that the target does not have', () => {
    const command = 'aws x <function> <invoked-function> <namespace> <metric> <group> <parameter>';
    expect(fillCommand(command, healthOnlyTarget(), undefined, {})).toBe(
      'aws x <function> <invoked-function> <namespace> <metric> <group> /app/env',
    );
  });
});
