/** What the doctor tells a message and a plan of the whole chain, and of the way to the endpoint. */
import { AwsError } from '../../sandbox/endpoint.ts';
import { arn } from '../../sandbox/template.ts';
import { loadTarget, readTarget } from '../../targets/load.ts';
import type { ChainLook } from '../../workflow/doctor/chain-look.ts';
import { linkNames } from '../../workflow/doctor/links.ts';
import type { EndpointCheck } from '../../workflow/results.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import { apiAddress, apiGroup, question, vpcId } from '../support/app-network.ts';
import { appTarget } from '../support/app-target.ts';
import { doctorOf, stillClock } from '../support/ask-doctor.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { executionRef } from '../support/execution-facts.ts';
import { steppedClock } from '../support/services.ts';
import { until } from '../support/until.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

const subnetIds = [...question.subnetIds];
const securityGroupIds = [...question.securityGroupIds];
const ownGroups = { manage: false, subnetIds, securityGroupIds } as const;
const notAsked: EndpointCheck = { finding: 'NotAsked', needsDeploy: false, httpStatus: null, proof: null };

interface Circumstances extends Partial<Pick<DeployedTarget, 'vpc'>> {
  readonly url?: string;
  readonly failedBy?: string;
}

/** @param known what the name means in the VPC; nobody knows by default. */
function look(
  known?: readonly string[],
  { url = 'http://api.internal:8000/', failedBy = 'EndpointUnreachable', ...part }: Circumstances = {},
  clock = stillClock(),
): Promise<ChainLook> {
  const target = { ...appTarget({ endpoint: { url } }), vpc: ownGroups, ...part };
  return doctorOf(
    aws,
    target,
    clock,
  )({
    executionArn: executionRef().arn,
    state: { check: { ...notAsked, ...(known ? { addresses: [...known] } : {}) } },
    failedBy,
  });
}
const way = `from the recovery to ${apiAddress} on port 8000`;
const block = () => {
  const group = aws.network.group(apiGroup);
  group.rules = group.rules.filter(({ isEgress }) => isEgress);
};
const calls = () => aws.endpoint.calls.map(({ operation }) => operation);
const unknownIn = ({ diagnosis }: ChainLook, name: string) =>
  diagnosis.unknown.find(({ link }) => link === name)?.says;

describe('the way to the endpoint', () => {
  it('is blocked by a group, with the command that opens it', async () => {
    block();
    expect((await look([apiAddress])).way).toEqual([
      {
        says: `security groups block TCP ${way} (ingress of ${apiGroup})`,
        commands: [
          expect.stringContaining(`aws ec2 authorize-security-group-ingress --group-id ${apiGroup} `),
        ],
      },
    ]);
  });

  it('is not blocked', async () => {
    expect((await look([apiAddress])).way).toEqual([
      { says: `security groups let TCP through ${way}`, commands: [] },
    ]);
  });

  it('leads to an address that needs no name', async () => {
    block();
    expect((await look(undefined, { url: `http://${apiAddress}:8000/` })).way).toMatchObject([
      { says: expect.stringContaining(way), commands: [expect.anything()] },
    ]);
  });

  it('is said not to have been looked at, with the permission that it needs', async () => {
    aws.endpoint.injectFault = ({ operation }) =>
      operation === 'DescribeSubnets' ? new AwsError('UnauthorizedOperation', 'canary', 403) : undefined;
    const found = await look([apiAddress]);
    expect(found.way).toEqual([
      { says: 'could not be looked at: ec2:DescribeSubnets is not allowed', commands: [] },
    ]);
    expect(unknownIn(found, 'network')).toBe('ec2:DescribeSubnets is not allowed');
  });

  it('is nobody’s for a target without a VPC', async () => {
    expect((await look([apiAddress], { vpc: undefined })).way).toEqual([]);
    expect(calls()).not.toContain('DescribeSubnets');
  });

  it('begins at the group that the stack has made, where the target leaves that to it', async () => {
    block();
    const { vpc } = readTarget('app', {
      ...loadTarget('academy-api'),
      vpc: { manage: true, vpcId, subnetIds, apiSecurityGroupId: apiGroup, endpointClients: [] },
    });
    expect((await look([apiAddress], { vpc })).way).toEqual([
      { says: expect.stringContaining('env-recovery-app-checkEndpoint does not exist'), commands: [] },
    ]);
    aws.functions.add(
      {
        FunctionName: 'env-recovery-app-checkEndpoint',
        Handler: 'index.handler',
        Runtime: 'nodejs24.x',
        MemorySize: 128,
        Timeout: 5,
        VpcConfig: { SubnetIds: subnetIds, SecurityGroupIds: securityGroupIds },
      },
      arn('lambda', 'function:env-recovery-app-checkEndpoint'),
      'no code',
    );
    expect((await look([apiAddress], { vpc })).way).toMatchObject([
      { says: expect.stringContaining(`block TCP ${way}`) },
    ]);
  });
});

describe('a name that nobody knows in the VPC', () => {
  const failedBy = 'EndpointNameNotResolved';
  const attributes = (part: object) => Object.assign(aws.network.vpc(vpcId), part);

  it.each([
    [{ enableDnsSupport: false }, 'enableDnsSupport is off', ['dns-support']],
    [{ enableDnsHostnames: false }, 'enableDnsHostnames is off', ['dns-hostnames']],
    [
      { enableDnsSupport: false, enableDnsHostnames: false },
      'enableDnsSupport, enableDnsHostnames are off',
      ['dns-support', 'dns-hostnames'],
    ],
  ])('may be one that the DNS server does not answer with %j', async (off, says, turnedOn) => {
    attributes(off);
    expect((await look(undefined, { failedBy })).way).toEqual([
      {
        says: expect.stringContaining(`nobody knows api.internal in ${vpcId}: ${says} there`),
        commands: turnedOn.map(
          (name) => `aws ec2 modify-vpc-attribute --vpc-id ${vpcId} --enable-${name} "Value=true"`,
        ),
        purpose: 'Put it right',
      },
    ]);
  });

  it('may be one of no hosted zone, with the command that lists those of the VPC', async () => {
    expect((await look(undefined, { failedBy })).way).toEqual([
      {
        says: expect.stringMatching(/though its DNS is on: .*private hosted zone/),
        commands: [`aws route53 list-hosted-zones-by-vpc --vpc-id ${vpcId} --vpc-region ap-northeast-2`],
        purpose: 'See more',
      },
    ]);
  });

  it('may be anything without the permission to look', async () => {
    aws.endpoint.injectFault = ({ operation }) =>
      operation === 'DescribeVpcAttribute' ? new AwsError('UnauthorizedOperation', 'canary', 403) : undefined;
    expect((await look(undefined, { failedBy })).way).toEqual([
      { says: expect.stringContaining('ec2:DescribeVpcAttribute is not allowed'), commands: [] },
    ]);
  });

  it('is not looked up from outside, where it may mean something else', async () => {
    const [found] = (await look(undefined, { failedBy, url: 'http://localhost:8000/' })).way;
    expect(found?.says).toContain('nobody knows localhost');
  });
});

describe('a look that has no answer', () => {
  it('keeps nobody waiting, and takes no other look along', async () => {
    aws.endpoint.injectFault = ({ operation }) =>
      operation === 'DescribeInstanceInformation' ? 'hang' : undefined;
    const others = [
      'DescribeInstances',
      'DescribeSecurityGroupRules',
      'DescribeStateMachine',
      'ListSubscriptionsByTopic',
    ];
    // The time is over when all others have been asked.
    const clock = steppedClock(undefined, () =>
      until(() => others.every((operation) => calls().includes(operation))),
    );
    const found = await look([apiAddress], {}, clock);
    expect(unknownIn(found, 'host')).toContain('AWS did not answer within 20 s.');
  });

  it('is all of them if AWS answers nothing', async () => {
    aws.endpoint.injectFault = () => 'hang';
    const { diagnosis, way: found } = await look([apiAddress], {}, steppedClock());
    expect(diagnosis.broken).toBeNull();
    expect(diagnosis.unknown.map(({ link }) => link)).toEqual(expect.arrayContaining(['env', 'function']));
    expect(found).toEqual([{ says: expect.stringContaining('could not be looked at'), commands: [] }]);
  });

  it('is all of them without credentials, which throws nothing and quotes nothing', async () => {
    aws.endpoint.injectFault = () => new AwsError('ExpiredTokenException', 'canary', 403);
    const found = await look([apiAddress]);
    expect(found.diagnosis.unknown.map(({ link }) => link)).toEqual(linkNames);
    expect(found.way).toMatchObject([{ says: expect.stringContaining('could not be looked at') }]);
    expect(JSON.stringify(found)).toContain('the credentials are missing, expired or not valid');
    expect(JSON.stringify(found)).not.toContain('canary');
  });
});
