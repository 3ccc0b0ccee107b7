/** What a message and a plan tell of a diagnosis, and what the recovery itself has seen for it. */
import { diagnose } from '../../workflow/doctor/diagnosis.ts';
import { seenInside } from '../../workflow/doctor/inside.ts';
import { linkNames } from '../../workflow/doctor/links.ts';
import { placeOf } from '../../workflow/doctor/place.ts';
import { summarize } from '../../workflow/doctor/summarize.ts';
import {
  type DiagnosisSummary,
  diagnosisLine,
  diagnosisLines,
  nothingSeen,
} from '../../workflow/doctor/summary.ts';
import { seen, unseen } from '../../workflow/network/seen.ts';
import type { Deployment, EndpointCheck, EndpointProof } from '../../workflow/results.ts';
import { executionRef } from '../support/execution-facts.ts';
import { doctorTarget, healthyFacts, stopped } from '../support/healthy-facts.ts';

const target = doctorTarget();
const summaryOf = (facts: Parameters<typeof healthyFacts>[0], inside = {}) =>
  summarize(diagnose(healthyFacts(facts), target), target, placeOf(executionRef().arn), inside);

const check: EndpointCheck = { finding: 'NotAsked', needsDeploy: false, httpStatus: null, proof: null };
const unhealthy: EndpointCheck = { ...check, finding: 'EndpointUnhealthy', httpStatus: 502 };
const proof: EndpointProof = {
  httpStatus: 200,
  backlog: 7,
  attempts: 1,
  verifiedAt: '2026-01-01T00:00:00.000Z',
};
const deployment: Deployment = {
  outcome: 'Success',
  commandId: 'c',
  documentName: 'd',
  instanceIds: [],
  resumed: false,
  redriveCount: 0,
  startedAt: '2026-01-01T00:00:00.000Z',
  deadline: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:00.000Z',
};
const ok = { fault: undefined, detail: 'HTTP 200' };

describe('what the recovery has seen of the endpoint', () => {
  it.each<[string, Parameters<typeof seenInside>, object | undefined]>([
    ['is nothing before it has looked', [{}], undefined],
    ['is nothing if nobody asked', [{ check }], undefined],
    ['is a number of the check', [{ check: { ...check, finding: 'Healthy', proof } }], ok],
    ['is a fault of the check', [{ check: unhealthy }], { fault: 'EndpointUnhealthy', detail: 'HTTP 502' }],
    [
      'is a fault without a status',
      [{ check: { ...check, finding: 'EndpointTooSlow' } }],
      { fault: 'EndpointTooSlow', detail: 'EndpointTooSlow' },
    ],
    ['is no fault any more after a deploy', [{ check: unhealthy, deployment }], undefined],
    [
      'is no number any more after a deploy',
      [{ check: { ...check, finding: 'Healthy', proof }, deployment }],
      undefined,
    ],
    ['is what was seen after the deploy', [{ check: unhealthy, deployment, endpoint: proof }], ok],
    [
      'is what the execution failed by, more than anything before',
      [{ check: unhealthy, deployment }, 'EndpointNotFound'],
      { fault: 'EndpointNotFound', detail: 'EndpointNotFound' },
    ],
    ['is no fault of something else', [{ check }, 'AccessDenied'], undefined],
  ])('%s', (_what, [state, failedBy], answer) => {
    expect(seenInside(state, failedBy).answer).toEqual(
      answer && { ...answer, isPrivate: false, isInside: true },
    );
  });

  it('is also what its name means: nothing, if nobody knows it there', () => {
    const addresses = ['10.0.0.1'];
    expect(seenInside({ check: { ...check, addresses } }).addresses).toEqual(addresses);
    expect(seenInside({ check }).addresses).toBeUndefined();
    expect(seenInside({ check: { ...check, finding: 'EndpointNameNotResolved' } }).addresses).toEqual([]);
    expect(seenInside({ check }, 'EndpointNameNotResolved').addresses).toEqual([]);
  });
});

describe('the summary of a diagnosis', () => {
  it('is empty where every link holds', () => {
    expect(summaryOf({})).toEqual({ broken: null, alsoBroken: [], following: [], unknown: [] });
  });

  it('has the first cause with its commands and its note, the other causes, and what follows', () => {
    const agents = seen([{ instanceId: 'i-00000001', pingStatus: 'ConnectionLost', lastPingAt: null }]);
    expect(summaryOf({ ...stopped, agents, subscriptions: seen([]) })).toEqual({
      broken: {
        link: 'host',
        code: 'AgentOffline',
        says: 'the agent of instance i-00000001 is ConnectionLost',
        fix: ['sudo systemctl restart amazon-ssm-agent'],
        note: 'On the instance itself.',
      },
      alsoBroken: ['NobodySubscribed'],
      following: expect.arrayContaining(['MetricStopped']),
      unknown: [{ link: 'endpoint', says: expect.anything() }],
    });
  });

  it('has the links that nobody could look at, but not the endpoint where the recovery has seen it', () => {
    const callers = unseen('events:DescribeRule is not allowed', 'NotAllowed');
    const { answer } = seenInside({ check: { ...check, finding: 'EndpointTooSlow' } });
    if (!answer) throw new Error('nothing was seen');
    const facts = { callers, answer };
    const schedule = { link: 'schedule', says: 'events:DescribeRule is not allowed' };
    expect(summaryOf(facts, { answer }).unknown).toEqual([schedule]);
    expect(summaryOf(facts).unknown).toEqual([
      { link: 'endpoint', says: expect.stringContaining('gave the recovery EndpointTooSlow') },
      schedule,
    ]);
  });

  it('goes by a fault that the recovery has seen, whatever a fresh datapoint proves', () => {
    const { answer } = seenInside({ check: unhealthy });
    expect(summaryOf({ answer: answer ?? null }).broken).toMatchObject({
      code: 'EndpointUnhealthy',
      says: expect.stringMatching(/gave the recovery HTTP 502$/),
    });
  });
});

const pathBlocked: DiagnosisSummary = {
  broken: {
    link: 'network',
    code: 'PathBlocked',
    says: 'sg-1 blocks it',
    fix: ['open', 'close'],
    note: 'Now.',
  },
  alsoBroken: [],
  following: [],
  unknown: [],
};

describe('the lines about a diagnosis', () => {
  it('have the commands one after the other, with the note', () => {
    expect(diagnosisLines(pathBlocked)).toEqual([
      'Diagnosis:    PathBlocked at the network of the functions: sg-1 blocks it',
      'Put it right: open',
      'And then:     close',
      '              Now.',
      'More on it:   docs/doctor.md#pathblocked',
    ]);
  });

  it('say nothing twice that the message has told already', () => {
    const unknown = [{ link: 'host' as const, says: 'ec2:DescribeInstances is not allowed' }];
    const told = ['sg-1 blocks it', 'could not be looked at: ec2:DescribeInstances is not allowed'];
    expect(diagnosisLines({ ...pathBlocked, unknown }, told)).toEqual([
      'Diagnosis:    PathBlocked at the network of the functions, as told above',
      'More on it:   docs/doctor.md#pathblocked',
    ]);
  });

  it('have each reason once, and no more than three', () => {
    const unknown = linkNames.map((link, index) => ({ link, says: `reason ${Math.floor(index / 2)}` }));
    expect(diagnosisLines({ ...pathBlocked, broken: null, unknown: unknown.slice(0, 9) })).toEqual([
      'Diagnosis:    nothing else is broken that can be seen',
      'Not seen:     9 links (writer, env, host, endpoint, request, function, schedule, network, metric)',
      '              reason 0',
      '              reason 1',
      '              reason 2',
      '              and 2 other reasons',
    ]);
  });

  it('are one line for whoever reads a plan', () => {
    const unknown = [{ link: 'host' as const, says: 'no' }];
    const summary = { ...pathBlocked, alsoBroken: ['A'], following: ['B', 'C'], unknown };
    expect(diagnosisLine(summary)).toBe(
      'Diagnosis:    PathBlocked at the network of the functions: sg-1 blocks it; also broken: A; what follows: B, C; not seen: host',
    );
    expect(diagnosisLine(nothingSeen('no'))).toBe(
      'Diagnosis:    nothing is broken that can be seen; not seen: all links',
    );
  });
});
