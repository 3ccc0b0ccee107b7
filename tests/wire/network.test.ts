/** The network of a function as EC2 describes it, and what the rules make of it. */
import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  type EC2Client,
  type IpPermission,
} from '@aws-sdk/client-ec2';
import { readNetwork } from '../../aws/network.ts';
import { readInstances } from '../../aws/network-interfaces.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import type { Ec2Network } from '../../sandbox/services/ec2-network.ts';
import { region } from '../../sandbox/template.ts';
import type { RulePeer } from '../../workflow/network/facts.ts';
import { judgePath, type NewRule } from '../../workflow/network/path.ts';
import { judgeService } from '../../workflow/network/service-access.ts';
import {
  apiAddress,
  apiGroup,
  endpointGroup,
  functionGroup,
  question,
  vpcId,
} from '../support/app-network.ts';
import { type AppNetwork, openAppNetwork } from '../support/asked-network.ts';

let app: AppNetwork;
let network: Ec2Network;
let ec2: EC2Client;

beforeEach(async () => {
  app = await openAppNetwork();
  ({ network, ec2 } = app);
});
afterEach(() => app.close());

/** The way from the function to the API. */
async function pathToApi() {
  const { caller, owners, vpc } = await app.facts();
  const owner = owners.get(apiAddress);
  if (!owner?.seen || owner.value.kind !== 'interface') throw new Error('nobody has the address');
  return judgePath({
    source: caller.party,
    destination: owner.value.party,
    port: 8000,
    prefixLists: vpc.prefixLists,
    arePeered: owner.value.isConnected,
  });
}

async function accessTo(service: string) {
  const { caller, vpc } = await app.facts();
  return judgeService(service, caller, vpc);
}

const removeRules = (groupId: string, isEgress: boolean) => {
  const group = network.group(groupId);
  group.rules = group.rules.filter((rule) => rule.isEgress !== isEgress);
};

const fail = (operation: string, error: AwsError) => {
  app.endpoint.injectFault = (call) => (call.operation === operation ? error : undefined);
};
const refuse = (operation: string) => fail(operation, new AwsError('UnauthorizedOperation', 'not you', 403));

const permissionOf = (port: number, peer: RulePeer): IpPermission => ({
  IpProtocol: 'tcp',
  FromPort: port,
  ToPort: port,
  ...('groupId' in peer ? { UserIdGroupPairs: [{ GroupId: peer.groupId }] } : {}),
  ...('cidr' in peer ? { IpRanges: [{ CidrIp: peer.cidr }] } : {}),
});
async function add({ direction, groupId, port, peers }: NewRule) {
  const input = { GroupId: groupId, IpPermissions: peers.map((peer) => permissionOf(port, peer)) };
  if (direction === 'ingress') await ec2.send(new AuthorizeSecurityGroupIngressCommand(input));
  else await ec2.send(new AuthorizeSecurityGroupEgressCommand(input));
}

describe('the way to the API', () => {
  it('is open in a network that is whole', async () => {
    expect(await pathToApi()).toMatchObject({ kind: 'allowed' });
  });

  it.each([
    ['ingress', apiGroup, functionGroup],
    ['egress', functionGroup, apiGroup],
  ] as const)(
    'is open again after the rule that is proposed for the %s',
    async (direction, groupId, other) => {
      removeRules(groupId, direction === 'egress');
      const blocked = await pathToApi();
      const remedy = { direction, groupId, port: 8000, peers: [{ groupId: other }] };
      expect(blocked).toEqual({
        kind: 'blocked',
        sides: [{ direction, groupIds: [groupId], addresses: expect.anything(), remedy }],
      });
      await add(remedy);
      expect(await pathToApi()).toMatchObject({ kind: 'allowed' });
    },
  );

  it("goes by the addresses of the function's own interfaces", async () => {
    expect((await app.facts()).caller.party.addresses).toEqual(['10.0.1.4', '10.0.2.4']);
    const [first] = network.interfaces;
    // One of a function with other groups in the same subnet.
    if (first) network.interfaces[0] = { ...first, groupIds: [functionGroup, apiGroup] };
    expect((await app.facts()).caller.party.addresses).toEqual(['10.0.1.0/24', '10.0.2.4']);
  });

  it('is open by the entries of a prefix list', async () => {
    removeRules(apiGroup, false);
    network.prefixLists.push({ prefixListId: 'pl-1', prefixListName: 'office', cidrs: ['10.0.0.0/16'] });
    const group = network.group(apiGroup);
    const rule = { isEgress: false, ipProtocol: 'tcp', fromPort: 8000, toPort: 8000, prefixListId: 'pl-1' };
    group.rules = [...group.rules, { ...rule, securityGroupRuleId: 'sgr-1' }];
    expect(await pathToApi()).toMatchObject({ kind: 'allowed', ingress: ['sgr-1'] });
    refuse('GetManagedPrefixListEntries');
    expect(await pathToApi()).toEqual({
      kind: 'unknown',
      missing: ['the entries of pl-1 (ec2:GetManagedPrefixListEntries is not allowed)'],
    });
  });
});

describe('the way to a service', () => {
  it.each(['ssm', 'monitoring', 'sqs'])('leads through the endpoint for %s', async (service) => {
    expect(await accessTo(service)).toMatchObject({ kind: 'byEndpoint' });
  });

  it('is closed where the endpoint does not let the function in', async () => {
    removeRules(endpointGroup, false);
    expect(await accessTo('ssm')).toEqual({
      kind: 'none',
      fault: 'EndpointBlocked',
      found: [expect.anything(), expect.stringContaining(endpointGroup)],
      commands: [
        `aws ec2 authorize-security-group-ingress --group-id ${endpointGroup} --ip-permissions "IpProtocol=tcp,FromPort=443,ToPort=443,UserIdGroupPairs=[{GroupId=${functionGroup}}]"`,
      ],
    });
  });

  it('leads through a gateway endpoint, if its prefix list is let out to', async () => {
    network.addEndpoint({
      vpcEndpointId: 'vpce-1',
      vpcEndpointType: 'Gateway',
      vpcId,
      serviceName: `com.amazonaws.${region}.dynamodb`,
      privateDnsEnabled: false,
      subnetIds: [],
      routeTableIds: network.routeTables.map(({ routeTableId }) => routeTableId),
      groupIds: [],
    });
    expect(await accessTo('dynamodb')).toEqual({ kind: 'byEndpoint', endpointId: 'vpce-1' });
    removeRules(functionGroup, true);
    expect(await accessTo('dynamodb')).toMatchObject({ kind: 'none', fault: 'EgressBlocked' });
  });

  it('leads through a NAT gateway, while it is available', async () => {
    const nat = {
      natGatewayId: 'nat-1',
      vpcId,
      subnetId: question.subnetIds[0] ?? '',
      connectivityType: 'public',
    } as const;
    network.natGateways.push({ ...nat, state: 'available' });
    const [table] = network.routeTables;
    if (table) table.routes = [{ destinationCidrBlock: '0.0.0.0/0', natGatewayId: 'nat-1', state: 'active' }];
    expect(await accessTo('sns')).toEqual({ kind: 'byNat', natGatewayIds: ['nat-1'] });
    network.natGateways[0] = { ...nat, state: 'failed' };
    expect(await accessTo('sns')).toMatchObject({ kind: 'none', fault: 'NoEndpoint' });
  });

  it('is not there where the only way out is an internet gateway', async () => {
    const [table] = network.routeTables;
    if (table) table.routes = [{ destinationCidrBlock: '0.0.0.0/0', gatewayId: 'igw-1', state: 'active' }];
    expect(await accessTo('sns')).toMatchObject({
      kind: 'none',
      found: [expect.anything(), expect.stringContaining('internet gateway'), expect.anything()],
    });
  });
});

describe('what could not be looked at', () => {
  it.each([
    ['DescribeRouteTables', 'routeTables'],
    ['DescribeNatGateways', 'natGateways'],
    ['DescribeVpcEndpoints', 'endpoints'],
    ['DescribeVpcAttribute', 'dnsSupport'],
  ] as const)('is said with the action, such as %s', async (operation, part) => {
    refuse(operation);
    const why = `ec2:${operation} is not allowed`;
    expect((await app.facts()).vpc[part]).toEqual({ seen: false, code: 'NotAllowed', why });
  });

  it('is the whole network without the subnets', async () => {
    refuse('DescribeSubnets');
    const why = 'ec2:DescribeSubnets is not allowed';
    expect(await readNetwork(ec2, question)).toEqual({ seen: false, code: 'NotAllowed', why });
    app.endpoint.injectFault = () => undefined;
    const gone = await readNetwork(ec2, { ...question, subnetIds: ['subnet-1'] });
    expect(gone).toMatchObject({ seen: false, why: 'ec2:DescribeSubnets shows none of subnet-1' });
  });

  it('leaves the path open to question', async () => {
    refuse('DescribeSecurityGroupRules');
    expect(await pathToApi()).toMatchObject({
      kind: 'unknown',
      missing: [expect.anything(), expect.anything()],
    });
    refuse('DescribeSecurityGroups');
    expect(await pathToApi()).toMatchObject({ kind: 'allowed' });
    // Without rules, nobody can say whether the group is there.
    removeRules(apiGroup, false);
    removeRules(apiGroup, true);
    expect(await pathToApi()).toMatchObject({ kind: 'unknown' });
  });

  it('may be a service that does not answer, or answers in another form', async () => {
    fail('DescribeNatGateways', new AwsError('InternalError', 'later', 500));
    const notAnswered = { seen: false, code: 'NotAnswered' };
    expect((await app.facts()).vpc.natGateways).toMatchObject(notAnswered);
    app.endpoint.injectFault = ({ operation }) =>
      operation === 'DescribeNatGateways'
        ? { status: 200, body: '<Other><natGatewaySet><item/></natGatewaySet></Other>', isCarriedOut: false }
        : undefined;
    expect((await app.facts()).vpc.natGateways).toMatchObject(notAnswered);
  });

  it('is everything without credentials', async () => {
    fail('DescribeSubnets', new AwsError('AuthFailure', 'AWS was not able to validate them', 401));
    await expect(readNetwork(ec2, question)).rejects.toMatchObject({ name: 'CredentialsExpired' });
  });
});

it('reads all pages', async () => {
  const { owners: _, ...whole } = await app.facts();
  network.pageSize = 1;
  const { owners: __, ...paged } = await app.facts();
  expect(paged).toEqual(whole);
  const instances = await readInstances(ec2, ['i-0000000000000000a']);
  const profileArn = 'arn:aws:iam::111122223333:instance-profile/sandbox-api';
  const value = [{ id: 'i-0000000000000000a', state: 'running', profileArn, addresses: [apiAddress] }];
  expect(instances).toEqual({ seen: true, value });
});
