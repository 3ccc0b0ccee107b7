/** What a person is told of the network when the recovery did not reach the endpoint. */

import { openEc2 } from '../../aws/ec2.ts';
import { lookAtWay } from '../../aws/endpoint-way.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { arn } from '../../sandbox/template.ts';
import { loadTarget, readTarget } from '../../targets/load.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import { apiAddress, apiGroup, question, vpcId } from '../support/app-network.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { appTarget, steppedClock } from '../support/services.ts';

let aws: TestAws;
let ec2: ReturnType<typeof openEc2>;
beforeEach(async () => {
  aws = await openAws();
  ec2 = openEc2(aws.clientConfig);
});
afterEach(async () => {
  ec2.destroy();
  await aws.close();
});

const subnetIds = [...question.subnetIds];
const securityGroupIds = [...question.securityGroupIds];
const ownGroups = { manage: false, subnetIds, securityGroupIds } as const;
/** Time stands still: whoever waits does so for ever. */
const still = steppedClock(undefined, () => new Promise(() => undefined));
const look = (
  known?: readonly string[],
  {
    url = 'http://api.internal:8000/',
    ...part
  }: Partial<Pick<DeployedTarget, 'vpc'>> & { url?: string } = {},
  clock = still,
) =>
  lookAtWay(
    { ec2, lambda: aws.lambda.reader },
    { ...appTarget({ endpoint: { url } }), vpc: ownGroups, ...part },
    known,
    clock,
  );
const way = `from the recovery to ${apiAddress} on port 8000`;
const block = () => {
  const group = aws.network.group(apiGroup);
  group.rules = group.rules.filter(({ isEgress }) => isEgress);
};
const calls = () => aws.endpoint.calls.map(({ operation }) => operation);

describe('the way to the endpoint', () => {
  it('is blocked by a group, with the command that opens it', async () => {
    block();
    expect(await look([apiAddress])).toEqual([
      {
        says: `security groups block TCP ${way} (ingress of ${apiGroup})`,
        commands: [
          expect.stringContaining(`aws ec2 authorize-security-group-ingress --group-id ${apiGroup} `),
        ],
      },
    ]);
  });

  it('is not blocked', async () => {
    expect(await look([apiAddress])).toEqual([
      { says: `security groups let TCP through ${way}`, commands: [] },
    ]);
  });

  it('leads to an address that needs no name', async () => {
    block();
    expect(await look(undefined, { url: `http://${apiAddress}:8000/` })).toMatchObject([
      { says: expect.stringContaining(way), commands: [expect.anything()] },
    ]);
  });

  it('is said not to have been looked at, with the permission that it needs', async () => {
    aws.endpoint.injectFault = () => new AwsError('UnauthorizedOperation', 'canary', 403);
    expect(await look([apiAddress])).toEqual([
      { says: 'could not be looked at: ec2:DescribeSubnets is not allowed', commands: [] },
    ]);
  });

  it('is not known for a name that nobody knows', async () => {
    expect(await look(undefined, { url: 'http://api.invalid:8000/' })).toEqual([
      {
        says: 'could not be looked at: nobody knows what the name in http://api.invalid:8000/ means',
        commands: [],
      },
    ]);
    expect(calls()).toEqual([]);
  });

  it('is nobody’s for a target without a VPC', async () => {
    expect(await look([apiAddress], { vpc: undefined })).toBeUndefined();
    expect(calls()).toEqual([]);
  });

  it('begins at the group that the stack has made, where the target leaves that to it', async () => {
    block();
    const { vpc } = readTarget('app', {
      ...loadTarget('academy-api'),
      vpc: { manage: true, vpcId, subnetIds, apiSecurityGroupId: apiGroup, endpointClients: [] },
    });
    expect(await look([apiAddress], { vpc })).toEqual([
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
    expect(await look([apiAddress], { vpc })).toMatchObject([
      { says: expect.stringContaining(`block TCP ${way}`) },
    ]);
  });

  it('keeps nobody waiting whom EC2 does not answer', async () => {
    jest.spyOn(ec2, 'send').mockImplementation(() => new Promise(() => undefined));
    expect(await look([apiAddress], {}, steppedClock())).toEqual([
      { says: 'could not be looked at: EC2 did not answer within 20 s', commands: [] },
    ]);
  });

  it('throws nothing, whatever goes wrong, and quotes nothing of it', async () => {
    jest.spyOn(ec2, 'send').mockImplementation(() => Promise.reject(new RangeError('canary')));
    expect(await look([apiAddress])).toEqual([{ says: 'could not be looked at: RangeError', commands: [] }]);
  });
});
