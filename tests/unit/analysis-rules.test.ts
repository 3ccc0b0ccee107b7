/** What Reachability Analyzer adds to what the doctor's own rules tell of a way. */
import { diagnose } from '../../workflow/doctor/diagnosis.ts';
import type { AnalysisFacts, NetworkFacts } from '../../workflow/doctor/facts.ts';
import type { PathExplanation } from '../../workflow/network/analysis.ts';
import { unseen } from '../../workflow/network/seen.ts';
import { api, networkWith } from '../support/broken-networks.ts';
import { doctorTarget, healthyFacts, seen } from '../support/healthy-facts.ts';

const address = '10.0.1.17';
const analysis = (result: AnalysisFacts['result'], leftovers: readonly string[] = []): AnalysisFacts => ({
  who: 'the metric function',
  address,
  port: 8000,
  result,
  leftovers,
});
const noWay = (...explanations: readonly PathExplanation[]) =>
  analysis(seen({ isFound: false, explanations }));
const aclCloses: PathExplanation = {
  code: 'SUBNET_ACL_RESTRICTION',
  direction: 'egress',
  components: ['acl-1', 'subnet-1'],
};

const judged = (network: NetworkFacts, ...analyses: readonly AnalysisFacts[]) => {
  const { links } = diagnose(healthyFacts({ network, analyses }), doctorTarget());
  const found = links.find(({ link }) => link === 'network');
  return { state: found?.state, findings: found?.findings ?? [], seen: found?.seen ?? [] };
};
const blocked = networkWith({ owner: api('sg-a in tcp 443 sg-f') });
const elsewhere = networkWith({ owner: { ...api(), isConnected: false } });
const nobodyKnows = networkWith({ owner: { kind: 'nobody' }, addresses: [address] });

describe('a way that it finds', () => {
  const found = analysis(seen({ isFound: true, explanations: [] }));
  it.each([
    ['though it leads into a VPC that no peering connects', elsewhere],
    ['though nobody here knows who has the address', nobodyKnows],
    ['though the rules of groups seemed to block it', blocked],
  ])('is ok, %s', (_what, network) => {
    expect(judged(network).state).not.toBe('ok');
    const { state, seen } = judged(network, found);
    expect(state).toBe('ok');
    expect(seen).toContain(
      `Reachability Analyzer finds a way from the metric function to ${address} on port 8000`,
    );
  });

  it('of another function says nothing about this one', () => {
    expect(judged(blocked, { ...found, who: 'the recovery' }).state).toBe('broken');
  });
});

describe('a way that it does not find', () => {
  it('is broken in plain words, though groups let everything through', () => {
    expect(judged(networkWith()).state).toBe('ok');
    const { state, findings } = judged(networkWith(), noWay(aclCloses));
    expect(state).toBe('broken');
    expect(findings).toMatchObject([
      {
        code: 'PathNotFound',
        says: `Reachability Analyzer finds no way from the metric function to ${address} on port 8000: the network ACL of the subnet blocks it (SUBNET_ACL_RESTRICTION, egress: acl-1, subnet-1)`,
        commands: [
          'aws ec2 create-network-acl-entry --network-acl-id acl-1 --egress --rule-number <rule-number> --protocol tcp --port-range "From=8000,To=8000" --cidr-block 10.0.1.17/32 --rule-action allow',
        ],
      },
    ]);
  });

  it('keeps the finding of the groups with its command, if they block it as well', () => {
    const [own] = judged(blocked).findings;
    const [finding] = judged(blocked, noWay(aclCloses)).findings;
    expect(finding).toMatchObject({ code: 'PathBlocked', commands: own?.commands });
    expect(finding?.says).toMatch(
      /^security groups block .*; Reachability Analyzer finds no way .*SUBNET_ACL/,
    );
  });

  it.each<[string, PathExplanation[], RegExp, RegExp | undefined]>([
    [
      'a route that is missing',
      [{ code: 'NO_ROUTE_TO_DESTINATION', direction: null, components: ['rtb-1', 'vpc-1'] }],
      /: the route table has no route there \(NO_ROUTE_TO_DESTINATION: rtb-1, vpc-1\)$/,
      /^aws ec2 create-route --route-table-id rtb-1 --destination-cidr-block 10\.0\.1\.17\/32 /,
    ],
    ['a code that is new', [{ code: 'WEATHER', direction: null, components: [] }], /: WEATHER$/, undefined],
    ['nothing', [], /: it does not say why$/, undefined],
    [
      'an ingress of a network ACL',
      [{ ...aclCloses, direction: 'ingress' }],
      /SUBNET_ACL_RESTRICTION, ingress/,
      /--ingress .*--cidr-block <block>/,
    ],
  ])('for %s', (_what, explanations, says, command) => {
    const [finding] = judged(networkWith(), noWay(...explanations)).findings;
    expect(finding?.says).toMatch(says);
    expect(finding?.commands).toEqual(command ? [expect.stringMatching(command)] : []);
  });
});

describe('an analysis that tells nothing', () => {
  const failed = unseen(
    'ec2:CreateNetworkInsightsPath on network interface eni-1: access denied.',
    'NotAllowed',
  );

  it('leaves what is known, and makes the rest unknown', () => {
    expect(judged(networkWith(), analysis(failed))).toMatchObject({
      state: 'unknown',
      findings: [{ code: 'NotAllowed', says: failed.why }],
      seen: [expect.stringContaining('security groups let TCP through'), expect.anything()],
    });
    expect(judged(blocked, analysis(failed)).state).toBe('broken');
  });

  it('says what it has left behind', () => {
    const command = 'aws ec2 delete-network-insights-path --network-insights-path-id nip-1';
    for (const result of [failed, seen({ isFound: false, explanations: [] })])
      expect(judged(networkWith(), analysis(result, [command])).findings[0]?.says).toMatch(
        new RegExp(`; not deleted again: ${command}$`),
      );
  });
});
