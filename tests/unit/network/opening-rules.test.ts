/** What more rules do to a path, and the rules that open one. */

import fc from 'fast-check';
import { ruleCommand } from '../../../workflow/network/commands.ts';
import type { NetworkParty, SecurityGroupRule } from '../../../workflow/network/facts.ts';
import { judgePath, type NewRule, type PathQuestion } from '../../../workflow/network/path.ts';
import { seen } from '../../../workflow/network/seen.ts';
import { defaultEgress, type PartyPart, partyOf } from '../../support/network.ts';
import { runs } from '../../support/properties.ts';

const groupIds = ['sg-1', 'sg-2', 'sg-3'];
const addresses = ['10.0.1.10', '10.0.1.11', '10.0.2.20', '10.0.2.0/24', '2001:db8::10', '2001:db8::20'];
const peers = [
  '10.0.1.10/32',
  '10.0.1.0/24',
  '10.0.0.0/16',
  '0.0.0.0/0',
  '2001:db8::/64',
  '::/0',
  ...groupIds,
];

const line = fc
  .tuple(
    fc.constantFrom(...groupIds),
    fc.constantFrom('in', 'out'),
    fc.constantFrom('tcp', 'udp', '-1', '6'),
    fc.constantFrom('all', '443', '8000', '80-8000', '8001-9000'),
    fc.constantFrom(...peers),
  )
  .map((parts) => parts.join(' '));
const part = fc.record({
  groups: fc.subarray(groupIds, { minLength: 1 }),
  addresses: fc.subarray(addresses, { minLength: 1 }),
  vpcId: fc.constantFrom('vpc-1', 'vpc-2'),
});
const setting = fc.record({
  rules: fc.array(line, { maxLength: 8 }),
  source: part,
  destination: part,
  port: fc.constantFrom(443, 8000),
  arePeered: fc.boolean(),
});
type Setting = typeof setting extends fc.Arbitrary<infer T> ? T : never;

const questionOf = ({ rules, source, destination, ...rest }: Setting): PathQuestion => ({
  ...rest,
  source: partyOf(source, rules),
  destination: partyOf(destination, rules),
});

/** As AWS has it after the command of the rule has been run. */
function withRule(party: NetworkParty, { groupId, direction, port, peers: all }: NewRule): NetworkParty {
  const added = all.map(
    (peer, index): SecurityGroupRule => ({
      id: `new-${index}`,
      direction,
      protocol: 'tcp',
      fromPort: port,
      toPort: port,
      peer,
    }),
  );
  return {
    ...party,
    groups: party.groups.map((group) =>
      group.id === groupId && group.rules.seen
        ? { ...group, rules: seen([...group.rules.value, ...added]) }
        : group,
    ),
  };
}

function applied(question: PathQuestion): PathQuestion | undefined {
  const verdict = judgePath(question);
  if (verdict.kind !== 'blocked') return undefined;
  const remedies = verdict.sides.flatMap(({ remedy }) => remedy ?? []);
  const change = (party: NetworkParty) => remedies.reduce(withRule, party);
  return { ...question, source: change(question.source), destination: change(question.destination) };
}

describe('one more rule', () => {
  it('never takes a path away', () => {
    fc.assert(
      fc.property(setting, line, (given, more) => {
        const before = judgePath(questionOf(given)).kind;
        const after = judgePath(questionOf({ ...given, rules: [...given.rules, more] })).kind;
        if (before === 'allowed') expect(after).toBe('allowed');
        if (before === 'unknown') expect(after).not.toBe('blocked');
      }),
      runs(),
    );
  });
});

describe('the rule that is proposed', () => {
  it('opens the path', () => {
    fc.assert(
      fc.property(setting, (given) => {
        const opened = applied(questionOf(given));
        // A block of addresses that is allowed in part stays so: nobody knows which address it is.
        if (opened && !given.source.addresses.concat(given.destination.addresses).includes('10.0.2.0/24'))
          expect(judgePath(opened).kind).toBe('allowed');
        if (opened) expect(judgePath(opened).kind).not.toBe('blocked');
      }),
      runs(),
    );
  });

  it('opens no other port', () => {
    fc.assert(
      fc.property(setting, fc.constantFrom(22, 442, 444, 7999, 8001), (given, port) => {
        const question = questionOf(given);
        const opened = applied(question);
        if (opened) expect(judgePath({ ...opened, port }).kind).toBe(judgePath({ ...question, port }).kind);
      }),
      runs(),
    );
  });

  it('opens nothing to a source that has neither its groups nor its addresses', () => {
    fc.assert(
      fc.property(setting, (given) => {
        const question = questionOf(given);
        const opened = applied(question);
        const stranger = partyOf(
          { groups: ['sg-9'], addresses: ['10.9.9.9', '2001:db8:9::9'], vpcId: given.source.vpcId },
          [defaultEgress('sg-9'), 'sg-9 out -1 all ::/0'],
        );
        if (opened)
          expect(judgePath({ ...opened, source: stranger }).kind).toBe(
            judgePath({ ...question, source: stranger }).kind,
          );
      }),
      runs(),
    );
  });
});

describe('the command', () => {
  const commandsFor = (rules: string[], source: PartyPart = {}, more: Partial<PathQuestion> = {}) => {
    const verdict = judgePath({
      source: partyOf({ groups: ['sg-f'], addresses: ['10.0.1.10', '10.0.3.10'], ...source }, rules),
      destination: partyOf({ groups: ['sg-a', 'sg-b'], addresses: ['10.0.2.20'] }, rules),
      port: 8000,
      ...more,
    });
    return verdict.kind === 'blocked'
      ? verdict.sides.map(({ remedy }) => remedy && ruleCommand(remedy))
      : verdict;
  };
  const open = (direction: string, groupId: string, peer: string) =>
    `aws ec2 authorize-security-group-${direction} --group-id ${groupId} --ip-permissions "IpProtocol=tcp,FromPort=8000,ToPort=8000,${peer}"`;
  const out = defaultEgress('sg-f');

  it.each([
    [
      "names the source's group",
      [out],
      {},
      {},
      [open('ingress', 'sg-a', 'UserIdGroupPairs=[{GroupId=sg-f}]')],
    ],
    [
      "names the destination's group on the way out",
      ['sg-a in tcp 8000 sg-f'],
      {},
      {},
      [open('egress', 'sg-f', 'UserIdGroupPairs=[{GroupId=sg-a}]')],
    ],
    [
      'names the group of a peered VPC, and whose it is',
      [out],
      { vpcId: 'vpc-2', ownerId: '444455556666' },
      { arePeered: true },
      [open('ingress', 'sg-a', 'UserIdGroupPairs=[{GroupId=sg-f,UserId=444455556666}]')],
    ],
    [
      'names the addresses of a VPC that is not peered',
      [out],
      { vpcId: 'vpc-2' },
      {},
      [open('ingress', 'sg-a', 'IpRanges=[{CidrIp=10.0.1.10/32},{CidrIp=10.0.3.10/32}]')],
    ],
    [
      'names only the addresses that are blocked',
      [out, 'sg-a in tcp 8000 10.0.1.0/24'],
      { vpcId: 'vpc-2' },
      {},
      [open('ingress', 'sg-a', 'IpRanges=[{CidrIp=10.0.3.10/32}]')],
    ],
    [
      'is missing if it would have to name addresses that are not known',
      [out],
      { vpcId: 'vpc-2', addresses: [] },
      {},
      [undefined],
    ],
  ])('%s', (_name, rules, source, more, expected) => {
    expect(commandsFor(rules, source, more)).toEqual(expected);
  });

  it('names an IPv6 address as a /128', () => {
    const source = { vpcId: 'vpc-2', addresses: ['2001:db8::10'] };
    const destination = partyOf({ groups: ['sg-a'], addresses: ['2001:db8:1::20'] }, []);
    expect(commandsFor(['sg-f out -1 all ::/0'], source, { destination })).toEqual([
      open('ingress', 'sg-a', 'Ipv6Ranges=[{CidrIpv6=2001:db8::10/128}]'),
    ]);
  });
});
