/**
 * What AWS documents of EC2's security groups; see any-aws.ts. The security group there gets a rule that lets
 * nobody in, and loses it again, which costs nothing.
 */
import {
  AuthorizeSecurityGroupIngressCommand,
  DescribeManagedPrefixListsCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcEndpointsCommand,
  EC2Client,
  GetManagedPrefixListEntriesCommand,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { SecurityGroupId as GroupId, openAnyAws } from '../support/any-aws.ts';

let aws: Awaited<ReturnType<typeof openAnyAws>>;
let ec2: EC2Client;

beforeAll(async () => {
  aws = await openAnyAws();
  ec2 = new EC2Client(aws.config);
});
afterAll(async () => {
  ec2.destroy();
  await aws.sandbox?.close();
});

describe('EC2', () => {
  it.each([
    [
      'InvalidGroup.NotFound',
      () => ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: ['sg-0123456789abcdeff'] })),
    ],
    [
      'InvalidSubnetID.NotFound',
      () => ec2.send(new DescribeSubnetsCommand({ SubnetIds: ['subnet-0123456789abcdeff'] })),
    ],
    [
      'InvalidVpcID.NotFound',
      () =>
        ec2.send(
          new DescribeVpcAttributeCommand({ VpcId: 'vpc-0123456789abcdeff', Attribute: 'enableDnsSupport' }),
        ),
    ],
    [
      'InvalidVpcEndpointId.NotFound',
      () => ec2.send(new DescribeVpcEndpointsCommand({ VpcEndpointIds: ['vpce-0123456789abcdeff'] })),
    ],
    [
      'InvalidParameterValue',
      () => ec2.send(new DescribeSubnetsCommand({ Filters: [{ Name: 'weather', Values: ['fair'] }] })),
    ],
  ])('answers %s', async (name, send) => {
    await expect(send()).rejects.toMatchObject({ name });
  });

  it('has nothing for a filter with an id that is not there', async () => {
    const Filters = [{ Name: 'subnet-id', Values: ['subnet-0123456789abcdeff'] }];
    expect((await ec2.send(new DescribeSubnetsCommand({ Filters }))).Subnets).toEqual([]);
  });

  it("has a prefix list of AWS's own for each service with gateway endpoints", async () => {
    const names = ['dynamodb', 's3'].map((service) => `com.amazonaws.${aws.config.region}.${service}`);
    const Filters = [{ Name: 'prefix-list-name', Values: names }];
    const { PrefixLists = [] } = await ec2.send(new DescribeManagedPrefixListsCommand({ Filters }));
    expect(PrefixLists.map(({ PrefixListName }) => PrefixListName).sort()).toEqual(names);
    const [{ PrefixListId } = {}] = PrefixLists;
    const { Entries = [] } = await ec2.send(new GetManagedPrefixListEntriesCommand({ PrefixListId }));
    expect(Entries.length).toBeGreaterThan(0);
    expect(Entries[0]?.Cidr).toMatch(/^[\d.]+\/\d+$/);
  });
});

describe('a rule of a security group', () => {
  const rule = {
    GroupId,
    IpPermissions: [
      {
        IpProtocol: 'tcp',
        FromPort: 65_001,
        ToPort: 65_001,
        UserIdGroupPairs: [{ GroupId }],
        // A block for documentation, which nobody has.
        IpRanges: [{ CidrIp: '192.0.2.1/32' }],
      },
    ],
  };
  const ownRules = async () => {
    const Filters = [{ Name: 'group-id', Values: [GroupId] }];
    const { SecurityGroupRules = [] } = await ec2.send(new DescribeSecurityGroupRulesCommand({ Filters }));
    return SecurityGroupRules.filter(({ FromPort }) => FromPort === 65_001);
  };

  it('is one for each peer, comes once, and goes once', async () => {
    await ec2.send(new AuthorizeSecurityGroupIngressCommand(rule));
    try {
      const shared = { GroupId, IsEgress: false, IpProtocol: 'tcp', FromPort: 65_001, ToPort: 65_001 };
      const rules = await ownRules();
      expect(rules).toHaveLength(2);
      expect(rules).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ ...shared, CidrIpv4: '192.0.2.1/32' }),
          expect.objectContaining({ ...shared, ReferencedGroupInfo: expect.objectContaining({ GroupId }) }),
        ]),
      );
      await expect(ec2.send(new AuthorizeSecurityGroupIngressCommand(rule))).rejects.toMatchObject({
        name: 'InvalidPermission.Duplicate',
      });
    } finally {
      await ec2.send(new RevokeSecurityGroupIngressCommand(rule));
    }
    expect(await ownRules()).toEqual([]);
    await expect(ec2.send(new RevokeSecurityGroupIngressCommand(rule))).rejects.toMatchObject({
      name: 'InvalidPermission.NotFound',
    });
  });
});
