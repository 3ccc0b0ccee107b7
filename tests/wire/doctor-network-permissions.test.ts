/**
 * What the doctor says without the permission to look at what only some networks have: one after the other, each in a
 * chain that needs it.
 */
import { AwsError } from '../../sandbox/endpoint.ts';
import { useDoctor } from '../support/doctor.ts';
import { target } from '../support/healthy-chain.ts';

const { aws, doctor, open } = useDoctor();

const [apiGroup, endpointGroup] = ['sg-0000000000000000a', 'sg-0000000000000000e'];
const apiPort = Number(new URL(target.endpoint.url).port);
const vpcId = 'vpc-0123456789abcdef0';
const letIn = (peer: { readonly cidrIpv4?: string; readonly prefixListId?: string }) => ({
  isEgress: false,
  ipProtocol: 'tcp',
  fromPort: apiPort,
  toPort: apiPort,
  securityGroupRuleId: 'sgr-1',
  ...peer,
});
const onlyEgress = (groupId: string) => {
  const group = aws().network.group(groupId);
  group.rules = group.rules.filter(({ isEgress }) => isEgress);
  return group;
};

/** The services are reached through a NAT gateway. */
function useNat(): void {
  const { network } = aws();
  network.endpoints.splice(0);
  const natGatewayId = 'nat-0123456789abcdef0';
  network.natGateways.push({
    natGatewayId,
    vpcId,
    subnetId: target.vpc?.subnetIds[0] ?? '',
    connectivityType: 'public',
    state: 'available',
  });
  for (const table of network.routeTables)
    table.routes = [...table.routes, { destinationCidrBlock: '0.0.0.0/0', natGatewayId, state: 'active' }];
}

/** The API lets in the entries of a prefix list. */
function usePrefixList(): void {
  const prefixListId = 'pl-0123456789abcdef0';
  aws().network.prefixLists.push({ prefixListId, prefixListName: 'own', cidrs: ['10.0.0.0/16'] });
  const group = onlyEgress(apiGroup);
  group.rules = [...group.rules, letIn({ prefixListId })];
}

/** The API is in another VPC, which a peering connects. */
function usePeering(): void {
  const { network } = aws();
  const other = 'vpc-0123456789abcdef1';
  const subnetId = 'subnet-0123456789abcdef9';
  network.vpcs.push({
    vpcId: other,
    cidrBlock: '10.1.0.0/16',
    enableDnsSupport: true,
    enableDnsHostnames: true,
  });
  network.subnets.push({
    subnetId,
    vpcId: other,
    availabilityZone: 'ap-northeast-2a',
    cidrBlock: '10.1.1.0/24',
  });
  network.addGroup({ groupId: 'sg-0123456789abcdef9', groupName: 'peer', vpcId: other }, []);
  network.group('sg-0123456789abcdef9').rules = [letIn({ cidrIpv4: '10.0.0.0/16' })];
  const index = network.interfaces.findIndex(({ instanceId }) => instanceId !== undefined);
  const [api] = network.interfaces.splice(index, 1);
  if (api) network.interfaces.push({ ...api, vpcId: other, subnetId, groupIds: ['sg-0123456789abcdef9'] });
  network.peerings.push({
    vpcPeeringConnectionId: 'pcx-1',
    requesterVpcId: vpcId,
    accepterVpcId: other,
    status: 'active',
  });
}

/** Nobody has a use for it here; it is looked at all the same. */
function useGateway(): void {
  aws().network.addEndpoint({
    vpcEndpointId: 'vpce-0123456789abcdeff',
    vpcEndpointType: 'Gateway',
    vpcId,
    serviceName: 'com.amazonaws.ap-northeast-2.dynamodb',
    privateDnsEnabled: false,
    subnetIds: [],
    routeTableIds: [],
    groupIds: [],
  });
}

const refuse = (operation: string) => {
  aws().endpoint.injectFault = (call) =>
    call.operation === operation ? new AwsError('UnauthorizedOperation', 'canary', 403) : undefined;
};
const notOk = ({ links }: Awaited<ReturnType<typeof doctor>>) =>
  links.filter(({ state }) => state !== 'ok').map(({ link, state }) => [link, state]);

describe('without the permission', () => {
  it.each<[operation: string, chain: () => void]>([
    ['DescribeRouteTables', useNat],
    ['DescribeNatGateways', useNat],
    ['GetManagedPrefixListEntries', usePrefixList],
    ['DescribeVpcPeeringConnections', usePeering],
  ])(
    'ec2:%s, a network that needs it is unknown and names it, and the others are as before',
    async (operation, chain) => {
      await open();
      chain();
      expect(await doctor()).toMatchObject({ exitCode: 0, state: 'ok' });
      refuse(operation);
      const found = await doctor();
      expect(found).toMatchObject({ exitCode: 3, state: 'unknown' });
      expect(notOk(found)).toEqual([['network', 'unknown']]);
      expect(found.text).toContain(`ec2:${operation} is not allowed`);
    },
  );

  it('ec2:DescribeSecurityGroups, nobody knows whether a group without rules is there', async () => {
    await open();
    aws().network.group(apiGroup).rules = [];
    expect(notOk(await doctor())).toEqual([['network', 'broken']]);
    refuse('DescribeSecurityGroups');
    const found = await doctor();
    expect(notOk(found)).toEqual([['network', 'unknown']]);
    expect(found.text).toContain('ec2:DescribeSecurityGroups is not allowed');
  });

  it.each<[operation: string, chain: () => void]>([
    ['DescribeManagedPrefixLists', useGateway],
    ['DescribeRouteTables', () => undefined],
    ['DescribeNatGateways', () => undefined],
    ['DescribeSecurityGroups', usePeering],
  ])('ec2:%s, a network that does not need it is ok', async (operation, chain) => {
    await open();
    chain();
    refuse(operation);
    expect(await doctor()).toMatchObject({ exitCode: 0, state: 'ok' });
    expect(aws().countCalls(operation)).toBeGreaterThan(0);
  });

  it.each(['DescribeRouteTables', 'DescribeVpcEndpoints'])(
    'ec2:%s, what is closed is not told as the cause, though it would be otherwise',
    async (operation) => {
      await open();
      aws().network.endpoints.splice(0);
      onlyEgress(endpointGroup);
      expect(notOk(await doctor())).toEqual([['network', 'broken']]);
      refuse(operation);
      expect(notOk(await doctor())).toEqual([['network', 'unknown']]);
    },
  );
});
