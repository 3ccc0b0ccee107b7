/**
 * What AWS documents of the rest of EC2 that the doctor looks at; see any-aws.ts. Nothing is created, and the security
 * group there gets a rule that lets nobody out, and loses it again.
 */
import {
  AuthorizeSecurityGroupEgressCommand,
  CreateNetworkAclEntryCommand,
  CreateNetworkInsightsPathCommand,
  CreateVpcEndpointCommand,
  DeleteNetworkInsightsAnalysisCommand,
  DeleteNetworkInsightsPathCommand,
  DescribeInstancesCommand,
  DescribeNatGatewaysCommand,
  DescribeNetworkAclsCommand,
  DescribeNetworkInsightsAnalysesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcPeeringConnectionsCommand,
  DescribeVpcsCommand,
  EC2Client,
  ModifyVpcAttributeCommand,
  ModifyVpcEndpointCommand,
  RevokeSecurityGroupEgressCommand,
  StartInstancesCommand,
  StartNetworkInsightsAnalysisCommand,
  StopInstancesCommand,
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

const vpcOfGroup = async () => {
  const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [GroupId] }));
  return SecurityGroups?.[0]?.VpcId ?? '';
};

/** An id of the form that AWS gives, which nobody has. */
const idOf = (prefix: string) => `${prefix}-0123456789abcdeff`;
const InstanceIds = [idOf('i')];
const VpcId = idOf('vpc');

describe('an id that is not there', () => {
  it.each<[string, RegExp, () => Promise<unknown>]>([
    ['of a VPC', /^InvalidVpcID\.NotFound$/, () => ec2.send(new DescribeVpcsCommand({ VpcIds: [VpcId] }))],
    [
      'of a VPC that is changed',
      /^InvalidVpcID\.NotFound$/,
      () => ec2.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsSupport: { Value: true } })),
    ],
    [
      'of a VPC that gets an endpoint',
      /^InvalidVpcI[dD]\.NotFound$/,
      () =>
        ec2.send(
          new CreateVpcEndpointCommand({ VpcId, ServiceName: `com.amazonaws.${aws.config.region}.s3` }),
        ),
    ],
    [
      'of an endpoint that is changed',
      /^InvalidVpcEndpointId\.NotFound$/,
      () => ec2.send(new ModifyVpcEndpointCommand({ VpcEndpointId: idOf('vpce') })),
    ],
    [
      'of a route table',
      /^InvalidRouteTableID\.NotFound$/,
      () => ec2.send(new DescribeRouteTablesCommand({ RouteTableIds: [idOf('rtb')] })),
    ],
    [
      'of a NAT gateway',
      /^NatGatewayNotFound$/,
      () => ec2.send(new DescribeNatGatewaysCommand({ NatGatewayIds: [idOf('nat')] })),
    ],
    [
      'of a network interface',
      /^InvalidNetworkInterfaceID\.NotFound$/,
      () => ec2.send(new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [idOf('eni')] })),
    ],
    [
      'of a peering',
      /^InvalidVpcPeeringConnectionI[dD]\.NotFound$/,
      () => ec2.send(new DescribeVpcPeeringConnectionsCommand({ VpcPeeringConnectionIds: [idOf('pcx')] })),
    ],
    [
      'of a network ACL',
      /^InvalidNetworkAclID\.NotFound$/,
      () => ec2.send(new DescribeNetworkAclsCommand({ NetworkAclIds: [idOf('acl')] })),
    ],
    [
      'of a network ACL that gets an entry',
      /^InvalidNetworkAclID\.NotFound$/,
      () =>
        ec2.send(
          new CreateNetworkAclEntryCommand({
            NetworkAclId: idOf('acl'),
            Egress: true,
            RuleNumber: 1,
            Protocol: '-1',
            RuleAction: 'allow',
            CidrBlock: '192.0.2.1/32',
          }),
        ),
    ],
    [
      'of a path to analyse',
      /^InvalidNetworkInsightsPathId\.NotFound$/,
      () => ec2.send(new StartNetworkInsightsAnalysisCommand({ NetworkInsightsPathId: idOf('nip') })),
    ],
    [
      'of an analysis',
      /^InvalidNetworkInsightsAnalysisId\.NotFound$/,
      () =>
        ec2.send(new DescribeNetworkInsightsAnalysesCommand({ NetworkInsightsAnalysisIds: [idOf('nia')] })),
    ],
    [
      'of an analysis to delete',
      /^InvalidNetworkInsightsAnalysisId\.NotFound$/,
      () => ec2.send(new DeleteNetworkInsightsAnalysisCommand({ NetworkInsightsAnalysisId: idOf('nia') })),
    ],
    [
      'of an instance',
      /^InvalidInstanceID\.NotFound$/,
      () => ec2.send(new DescribeInstancesCommand({ InstanceIds })),
    ],
    [
      'of an instance to start',
      /^InvalidInstanceID\.NotFound$/,
      () => ec2.send(new StartInstancesCommand({ InstanceIds })),
    ],
    [
      'of an instance to stop',
      /^InvalidInstanceID\.NotFound$/,
      () => ec2.send(new StopInstancesCommand({ InstanceIds })),
    ],
  ])('has an error of its own: %s', async (_what, name, send) => {
    await expect(send()).rejects.toMatchObject({ name: expect.stringMatching(name) });
  });

  it('is nothing as the value of a filter', async () => {
    const Filters = [{ Name: 'vpc-id', Values: [VpcId] }];
    const addresses = (Name: string) => [{ Name, Values: ['192.0.2.1'] }];
    const interfacesWith = async (Name: string) =>
      (await ec2.send(new DescribeNetworkInterfacesCommand({ Filters: addresses(Name) }))).NetworkInterfaces;
    expect((await ec2.send(new DescribeRouteTablesCommand({ Filters }))).RouteTables).toEqual([]);
    expect((await ec2.send(new DescribeNatGatewaysCommand({ Filter: Filters }))).NatGateways).toEqual([]);
    expect((await ec2.send(new DescribeVpcEndpointsCommand({ Filters }))).VpcEndpoints).toEqual([]);
    expect((await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }))).NetworkInterfaces).toEqual([]);
    expect((await ec2.send(new DescribeInstancesCommand({ Filters }))).Reservations).toEqual([]);
    expect(await interfacesWith('addresses.private-ip-address')).toEqual([]);
    expect(await interfacesWith('addresses.association.public-ip')).toEqual([]);
    const ofInstance = { Filters: [{ Name: 'instance-id', Values: InstanceIds }] };
    expect((await ec2.send(new DescribeInstancesCommand(ofInstance))).Reservations).toEqual([]);
    const rejected = { Filters: [{ Name: 'status-code', Values: ['rejected'] }] };
    const { VpcPeeringConnections = [] } = await ec2.send(new DescribeVpcPeeringConnectionsCommand(rejected));
    expect(VpcPeeringConnections.filter(({ Status }) => Status?.Code !== 'rejected')).toEqual([]);
  });
});

describe('a VPC', () => {
  it('has a block, and a main route table with a local route to it', async () => {
    const id = await vpcOfGroup();
    const { Vpcs } = await ec2.send(new DescribeVpcsCommand({ VpcIds: [id] }));
    const Filters = [{ Name: 'vpc-id', Values: [id] }];
    const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand({ Filters }));
    const main = RouteTables.filter(({ Associations = [] }) => Associations.some(({ Main }) => Main));
    expect(main).toHaveLength(1);
    expect(main[0]?.Routes).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          DestinationCidrBlock: Vpcs?.[0]?.CidrBlock,
          GatewayId: 'local',
          State: 'active',
        }),
      ]),
    );
  });

  it('has interfaces in its subnets, with addresses, groups and the kind of each', async () => {
    const Filters = [{ Name: 'vpc-id', Values: [await vpcOfGroup()] }];
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ Filters }));
    const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
    const subnetIds = Subnets.map(({ SubnetId }) => SubnetId);
    for (const one of NetworkInterfaces) {
      expect(subnetIds).toContain(one.SubnetId);
      expect(one).toMatchObject({
        NetworkInterfaceId: expect.stringMatching(/^eni-/),
        InterfaceType: expect.any(String),
        Groups: expect.any(Array),
        PrivateIpAddresses: expect.arrayContaining([
          expect.objectContaining({ PrivateIpAddress: one.PrivateIpAddress }),
        ]),
      });
    }
  });
});

describe('a path of Reachability Analyzer', () => {
  it('costs nothing until it is analysed, has no analyses then, and goes once', async () => {
    const Filters = [{ Name: 'vpc-id', Values: [await vpcOfGroup()] }];
    const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
    const [Source, Destination = Source] = NetworkInterfaces.map((one) => one.NetworkInterfaceId);
    const { NetworkInsightsPath } = await ec2.send(
      new CreateNetworkInsightsPathCommand({ Source, Destination, Protocol: 'tcp', DestinationPort: 65_003 }),
    );
    const { NetworkInsightsPathId } = NetworkInsightsPath ?? {};
    try {
      expect(NetworkInsightsPath).toMatchObject({
        NetworkInsightsPathId: expect.stringMatching(/^nip-[0-9a-f]{17}$/),
        Source,
        Destination,
        Protocol: 'tcp',
        DestinationPort: 65_003,
      });
      const { NetworkInsightsAnalyses } = await ec2.send(
        new DescribeNetworkInsightsAnalysesCommand({ NetworkInsightsPathId }),
      );
      expect(NetworkInsightsAnalyses).toEqual([]);
    } finally {
      await ec2.send(new DeleteNetworkInsightsPathCommand({ NetworkInsightsPathId }));
    }
    await expect(
      ec2.send(new DeleteNetworkInsightsPathCommand({ NetworkInsightsPathId })),
    ).rejects.toMatchObject({ name: 'InvalidNetworkInsightsPathId.NotFound' });
  });
});

describe('an egress rule of a security group', () => {
  const rule = {
    GroupId,
    IpPermissions: [
      { IpProtocol: 'tcp', FromPort: 65_002, ToPort: 65_002, IpRanges: [{ CidrIp: '192.0.2.1/32' }] },
    ],
  };
  const ownRules = async () => {
    const Filters = [{ Name: 'group-id', Values: [GroupId] }];
    const { SecurityGroupRules = [] } = await ec2.send(new DescribeSecurityGroupRulesCommand({ Filters }));
    return SecurityGroupRules.filter(({ FromPort }) => FromPort === 65_002);
  };

  it('comes once, and goes once', async () => {
    await ec2.send(new AuthorizeSecurityGroupEgressCommand(rule));
    try {
      expect(await ownRules()).toMatchObject([{ GroupId, IsEgress: true, CidrIpv4: '192.0.2.1/32' }]);
      await expect(ec2.send(new AuthorizeSecurityGroupEgressCommand(rule))).rejects.toMatchObject({
        name: 'InvalidPermission.Duplicate',
      });
    } finally {
      await ec2.send(new RevokeSecurityGroupEgressCommand(rule));
    }
    expect(await ownRules()).toEqual([]);
  });
});
