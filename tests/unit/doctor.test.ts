import { brokenCodes, brokenFindings, isBrokenCode } from '../../workflow/doctor/catalogue.ts';
import { fillCommand } from '../../workflow/doctor/commands.ts';
import { diagnose } from '../../workflow/doctor/diagnosis.ts';
import type { Facts, NetworkFacts } from '../../workflow/doctor/facts.ts';
import { linkNames } from '../../workflow/doctor/links.ts';
import { seen, unseen } from '../../workflow/network/seen.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import { type Break, breaks } from '../support/broken-chains.ts';
import { api, networkBreaks, networkWith } from '../support/broken-networks.ts';
import { roleBreaks } from '../support/broken-roles.ts';
import { scalingBreaks } from '../support/broken-scaling.ts';
import { doctorTarget, envOf, functionOf, healthyFacts, stopped } from '../support/healthy-facts.ts';

const target = doctorTarget();
const all: readonly Break[] = [...breaks, ...networkBreaks, ...scalingBreaks, ...roleBreaks];

const brokenIn = (facts: Facts, of: DeployedTarget) =>
  diagnose(facts, of).links.flatMap((link) => link.findings.filter(({ code }) => isBrokenCode(code)));

describe('the doctor', () => {
  it('finds every link of a healthy chain ok', () => {
    const { links, causes, state } = diagnose(healthyFacts(), target);
    expect(links.map(({ link, state }) => [link, state])).toEqual(linkNames.map((link) => [link, 'ok']));
    expect({ causes, state }).toEqual({ causes: [], state: 'ok' });
    for (const { seen } of links) expect(seen.length).toBeGreaterThan(0);
  });

  it.each(all)('tells of %s that alone as the cause', (_what, part, cause, followers = [], of = target) => {
    const { causes, state } = diagnose(healthyFacts(part), of);
    expect({ state, causes: causes.map(({ code }) => code) }).toEqual({ state: 'broken', causes: [cause] });
    const found = brokenIn(healthyFacts(part), of);
    expect(new Set(found.map(({ code }) => code))).toEqual(new Set([cause, ...followers]));
    for (const { code, followsFrom } of found)
      expect([code, followsFrom.length > 0]).toEqual([code, code !== cause]);
  });

  it('has the command that opens just the way that is blocked', () => {
    const owner = api('sg-a in tcp 443 sg-f');
    const [cause] = diagnose(healthyFacts({ network: networkWith({ owner }) }), target).causes;
    expect(cause?.commands).toEqual([
      expect.stringMatching(
        /^aws ec2 authorize-security-group-ingress --group-id sg-a .*FromPort=8000.*sg-f/,
      ),
    ]);
  });

  it('tells a Host that Django never takes from one that ALLOWED_HOSTS lacks', () => {
    const part = { ...stopped, env: seen(envOf({ allowsHost: false })) };
    const saysOf = (url: string) =>
      diagnose(
        healthyFacts(part),
        doctorTarget({ endpoint: { url, internalKey: 'INTERNAL_KEY', backlogPath: 'backlog' } }),
      ).causes.map(({ says }) => says);
    expect(saysOf('http://api:8000/')).toEqual(['ALLOWED_HOSTS of the env lacks the Host api']);
    expect(saysOf('http://my_api:8000/')).toEqual([
      'the env has ALLOWED_HOSTS, and Django takes no Host such as my_api, whatever that says',
    ]);
  });

  it('asks by hand as the recovery does, but without the keys', () => {
    const curlFor = (endpoint: object) => {
      const keys = { internalKey: 'INTERNAL_KEY', backlogPath: 'backlog' };
      const of = doctorTarget({
        parameter: { name: '/app/env', requiredKeys: ['INTERNAL_KEY', 'API_TOKEN'] },
        metricFunction: { name: 'metric', answerPath: 'count', set: { API_HOST: 'api.internal' } },
        endpoint: { url: 'https://api.example.com/count/', ...keys, ...endpoint },
      });
      return fillCommand(brokenFindings.EndpointNotFound.look, of, undefined, {});
    };
    expect(curlFor({})).toBe('curl -i https://api.example.com/count/');
    expect(
      curlFor({
        method: 'POST',
        host: 'api.internal',
        caFile: 'ca.pem',
        headers: { 'X-Env': 'prod', 'X-Odd': '"$(id)"' },
        headersFromEnv: { Authorization: 'Bearer API_TOKEN' },
      }),
    ).toBe(
      'curl -i -X POST --cacert <ca-file> -H "X-Env: prod" -H "<header>" -H "Host: api.internal" https://api.example.com/count/',
    );
  });

  it.each([{ state: 'Failed' }, { updateStatus: 'Failed' }])(
    'has the role that an update of a function needs, for %j',
    (part) => {
      const [cause] = diagnose(healthyFacts({ function: seen(functionOf(part)) }), target).causes;
      expect(cause?.names).toEqual({ 'role-arn': functionOf().roleArn });
    },
  );

  it('has the command that puts the function into the network of the recovery', () => {
    const vpc = { subnetIds: ['subnet-0123456789abcdef0'], securityGroupIds: ['sg-0123456789abcdef0'] };
    const part = { ...stopped, network: { isInVpc: false, isPrivate: true, looks: [] } };
    const [cause] = diagnose(healthyFacts(part), doctorTarget({ vpc })).causes;
    expect(cause?.commands).toEqual([
      expect.stringContaining(
        '--vpc-config "SubnetIds=subnet-0123456789abcdef0,SecurityGroupIds=sg-0123456789abcdef0"',
      ),
    ]);
  });

  it('finds a way through the network ok, and knows none where something is missing', () => {
    const stateOf = (network: NetworkFacts) =>
      diagnose(healthyFacts({ network }), target).links.find(({ link }) => link === 'network')?.state;
    expect(stateOf(networkWith())).toBe('ok');
    // A datapoint proves a way that is not one of a VPC.
    expect(stateOf({ isInVpc: false, isPrivate: true, looks: [] })).toBe('ok');
    expect(stateOf(networkWith({ addresses: [] }))).toBe('unknown');
    expect(stateOf(networkWith({ addresses: ['10.0.1.99'] }))).toBe('unknown');
    expect(stateOf(networkWith({ found: unseen('ec2:DescribeSubnets is not allowed', 'NotAllowed') }))).toBe(
      'unknown',
    );
    const endpoints = unseen('ec2:DescribeVpcEndpoints is not allowed', 'NotAllowed');
    expect(stateOf(networkWith({ vpc: { endpoints } }))).toBe('unknown');
  });

  it('does not take an address for gone that another account may have', () => {
    const far = '10.9.9.9';
    const found = networkWith().looks[0]?.found;
    if (!found?.seen) throw new Error('the network was not seen');
    const owners = new Map([[far, seen({ kind: 'nobody' } as const)]]);
    const network = networkWith({ addresses: [far], found: seen({ ...found.value, owners }) });
    expect(diagnose(healthyFacts({ network }), target).state).toBe('unknown');
  });

  it('has a test for each code', () => {
    const tested = new Set(all.map(([, , cause]) => cause));
    expect(brokenCodes.filter((code) => !tested.has(code))).toEqual([]);
  });
});
