/** What the doctor makes of links that it could not look at. */
import { unknownCodes } from '../../workflow/doctor/catalogue.ts';
import { diagnose } from '../../workflow/doctor/diagnosis.ts';
import type { Facts } from '../../workflow/doctor/facts.ts';
import type { LinkName } from '../../workflow/doctor/links.ts';
import type { Seen } from '../../workflow/network/seen.ts';
import {
  alarm,
  doctorTarget,
  envOf,
  functionOf,
  healthyFacts,
  high,
  minutesAgo,
  seen,
  stopped,
} from '../support/healthy-facts.ts';

const target = doctorTarget();
const denied = (action: string): Seen<never> => ({
  seen: false,
  code: 'NotAllowed',
  why: `${action} is not allowed`,
});

/** Each fact, and the links that are judged by it. */
const facts: readonly [fact: keyof Facts, links: readonly LinkName[]][] = [
  ['env', ['writer', 'env', 'request', 'readiness']],
  ['agents', ['host']],
  ['instances', ['host']],
  ['function', ['function']],
  ['invocations', ['schedule']],
  ['callers', ['schedule']],
  ['dimensionSets', ['metric']],
  ['alarms', ['alarms']],
  ['scalingAlarms', ['alarms']],
  ['policies', ['policy']],
  ['group', ['group']],
  ['activities', ['group']],
  ['refreshes', ['group']],
  ['isStackDeployed', ['readiness']],
  ['subscriptions', ['readiness']],
  ['backup', ['readiness']],
];

const unknownOf = (part: Partial<Facts>) =>
  diagnose(healthyFacts(part), target)
    .links.filter(({ state }) => state !== 'ok')
    .map(({ link, state, findings }) => [link, state, ...new Set(findings.map(({ says }) => says))]);

describe('a look that is not allowed', () => {
  it.each(facts)('at %s makes %j unknown, by the name of the action, and nothing else', (fact, links) => {
    const why = 'service:Action is not allowed';
    expect(unknownOf({ [fact]: denied('service:Action') })).toEqual(
      links.map((link) => [link, 'unknown', why]),
    );
    expect(diagnose(healthyFacts({ [fact]: denied('service:Action') }), target).state).toBe('unknown');
  });

  it('at the datapoints leaves nothing that proves that the endpoint answers', () => {
    const { answer } = stopped;
    expect(unknownOf({ metric: denied('cloudwatch:GetMetricData'), answer }).map(([link]) => link)).toEqual([
      'endpoint',
      'metric',
    ]);
  });

  it('does not hide what is broken', () => {
    const part = { ...stopped, env: seen(envOf({ gaps: ['DB_HOST is missing'] })) };
    const { causes, state } = diagnose(healthyFacts({ ...part, policies: denied('a:B') }), target);
    expect([state, causes.map(({ code }) => code)]).toEqual(['broken', ['EnvIncomplete']]);
  });
});

describe('the doctor does not know', () => {
  const silent = stopped.metric;
  it.each<[string, Partial<Facts>, LinkName, string]>([
    [
      'whether an endpoint answers that is in another network',
      { answer: { fault: 'EndpointUnreachable', detail: 'ETIMEDOUT', isPrivate: false } },
      'endpoint',
      'NotReachableFromHere',
    ],
    ['whether an endpoint answers that nobody asked', { answer: null }, 'endpoint', 'NotReachableFromHere'],
    [
      'who wrote a version of which AWS does not tell it',
      { env: seen(envOf({ modifiedBy: null })) },
      'writer',
      'NotTold',
    ],
    [
      'what a version holds that nobody can decrypt',
      { env: seen(envOf({ unreadable: 'KMS' })) },
      'env',
      'NotAnswered',
    ],
    [
      'how the function runs while it is updated',
      { function: seen(functionOf({ updateStatus: 'InProgress' })) },
      'function',
      'UpdateInProgress',
    ],
    [
      'what an alarm says that was made a moment ago',
      {
        metric: healthyFacts().metric,
        scalingAlarms: seen([
          alarm(high, { state: 'INSUFFICIENT_DATA', stateSince: new Date(minutesAgo(4)).toISOString() }),
        ]),
      },
      'alarms',
      'AlarmTooNew',
    ],
    [
      'who invokes the function without an account for its ARN',
      { callers: { seen: false, code: 'AccountUnknown', why: 'no account' } },
      'schedule',
      'AccountUnknown',
    ],
    [
      'the agents when SSM does not answer',
      { agents: { seen: false, code: 'NotAnswered', why: 'no answer' } },
      'host',
      'NotAnswered',
    ],
    [
      'the alarms when it may not look',
      { alarms: denied('cloudwatch:DescribeAlarms') },
      'alarms',
      'NotAllowed',
    ],
  ])('%s', (_what, part, link, code) => {
    const { links } = diagnose(healthyFacts({ metric: silent, ...part }), target);
    const found = links.find((one) => one.link === link);
    expect([found?.state, found?.findings.map((one) => one.code)]).toEqual(['unknown', [code]]);
    expect(unknownCodes).toContain(code);
  });

  it.each(['HostRejected', 'EndpointNotFound', 'EndpointUnhealthy', 'EndpointRedirected'] as const)(
    'whether %s from a private address is the answer of the API, or of another machine',
    (fault) => {
      const answer = { fault, detail: 'HTTP', isPrivate: true };
      const { links } = diagnose(healthyFacts({ ...stopped, answer }), target);
      const states = links.filter(({ link }) => link === 'endpoint' || link === 'request');
      expect(states.map(({ state }) => state)).toEqual(['unknown', 'ok']);
    },
  );
});

describe('the doctor takes', () => {
  it('an answer of the API for more than what ALLOWED_HOSTS says', () => {
    const part = { ...stopped, env: seen(envOf({ allowsHost: false })) };
    const answer = { fault: undefined, detail: 'HTTP 403', isPrivate: false };
    const { links } = diagnose(healthyFacts({ ...part, answer }), target);
    expect(links.find(({ link }) => link === 'request')?.state).toBe('ok');
  });

  it('a target without a group for one without policy and group', () => {
    const of = doctorTarget({ metric: { namespace: 'App', name: 'BacklogCount' } });
    const none = { scalingAlarms: null, policies: null, group: null, activities: null, refreshes: null };
    const { links } = diagnose(healthyFacts(none), of);
    expect(links.filter(({ state }) => state === 'absent').map(({ link }) => link)).toEqual([
      'policy',
      'group',
    ]);
  });

  it('the group of the target before the one of the dimension', () => {
    const of = doctorTarget({ scaling: { group: 'others' } });
    const { links } = diagnose(healthyFacts({ group: seen(undefined) }), of);
    expect(links.find(({ link }) => link === 'group')?.findings[0]?.says).toContain('others');
  });
});
