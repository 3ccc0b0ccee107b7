/** The commands for what `judgeService` finds closed; opening-rules.test.ts has those for paths. */

import type { FunctionNetwork, VpcFacts } from '../../../workflow/network/facts.ts';
import { seen } from '../../../workflow/network/seen.ts';
import { judgeService } from '../../../workflow/network/service-access.ts';
import {
  callerWith,
  endpoints,
  gatewayEndpoint,
  interfaceEndpoint,
  subnetIds,
  tablesWith,
  vpcWith,
} from '../../support/network.ts';

/** What has to be run. */
function commandsFor(service: string, vpc: VpcFacts, caller: FunctionNetwork = callerWith()) {
  const access = judgeService(service, caller, vpc);
  return access.kind === 'none' ? access.commands : access;
}

const [noDns, noHostnames] = [{ dnsSupport: seen(false) }, { dnsHostnames: seen(false) }];
const ssm = (part = {}, ...rules: string[]) => endpoints(interfaceEndpoint(part, ...rules));
const closed = 'sg-e in tcp 443 sg-x';
const only8000 = callerWith('sg-f out tcp 8000 0.0.0.0/0');

const create = (service: string, rest: string) =>
  `aws ec2 create-vpc-endpoint --vpc-endpoint-type ${rest.startsWith('--route') ? 'Gateway' : 'Interface'} --vpc-id vpc-1 --service-name com.amazonaws.ap-northeast-2.${service} ${rest}`;
const open443 = (direction: string, groupId: string, peer: string) =>
  `aws ec2 authorize-security-group-${direction} --group-id ${groupId} --ip-permissions "IpProtocol=tcp,FromPort=443,ToPort=443,${peer}"`;

describe('the commands', () => {
  it('make an endpoint with the groups of another one that lets the function in', () => {
    expect(commandsFor('sqs', vpcWith(ssm()))).toEqual([
      create('sqs', '--subnet-ids subnet-a subnet-b --security-group-ids sg-e --private-dns-enabled'),
    ]);
  });

  it("make an endpoint with the function's group, which then has to let itself in", () => {
    expect(commandsFor('sqs', vpcWith(ssm({}, closed)))).toEqual([
      create('sqs', '--subnet-ids subnet-a subnet-b --security-group-ids sg-f --private-dns-enabled'),
      open443('ingress', 'sg-f', 'UserIdGroupPairs=[{GroupId=sg-f}]'),
    ]);
  });

  it('make an endpoint in one subnet of each zone, after DNS is on', () => {
    const found = subnetIds.map((id) => ({
      id,
      availabilityZone: 'ap-northeast-2a',
      cidrs: ['10.0.1.0/24'],
    }));
    expect(commandsFor('ssm', vpcWith(noHostnames, { subnets: seen(found) }))).toEqual([
      'aws ec2 modify-vpc-attribute --vpc-id vpc-1 --enable-dns-hostnames "Value=true"',
      create('ssm', '--subnet-ids subnet-a --security-group-ids sg-f --private-dns-enabled'),
      open443('ingress', 'sg-f', 'UserIdGroupPairs=[{GroupId=sg-f}]'),
    ]);
  });

  it('make a gateway endpoint in the tables of the subnets', () => {
    expect(commandsFor('dynamodb', vpcWith())).toEqual([create('dynamodb', '--route-table-ids rtb-a rtb-b')]);
  });

  it.each([
    [
      'open both sides of an endpoint',
      'ssm',
      vpcWith(ssm({}, closed)),
      only8000,
      [
        open443('egress', 'sg-f', 'UserIdGroupPairs=[{GroupId=sg-e}]'),
        open443('ingress', 'sg-e', 'UserIdGroupPairs=[{GroupId=sg-f}]'),
      ],
    ],
    [
      'switch private DNS on',
      'ssm',
      vpcWith(ssm({ privateDns: false })),
      undefined,
      ['aws ec2 modify-vpc-endpoint --vpc-endpoint-id vpce-1 --private-dns-enabled'],
    ],
    [
      'switch DNS on',
      'ssm',
      vpcWith(ssm(), noDns),
      undefined,
      ['aws ec2 modify-vpc-attribute --vpc-id vpc-1 --enable-dns-support "Value=true"'],
    ],
    [
      'give an endpoint subnets',
      'ssm',
      vpcWith(ssm({ subnetIds: [] })),
      undefined,
      ['aws ec2 modify-vpc-endpoint --vpc-endpoint-id vpce-1 --add-subnet-ids subnet-a subnet-b'],
    ],
    [
      'add route tables to a gateway endpoint',
      'dynamodb',
      vpcWith(endpoints(gatewayEndpoint('rtb-a'))),
      undefined,
      ['aws ec2 modify-vpc-endpoint --vpc-endpoint-id vpce-2 --add-route-table-ids rtb-b'],
    ],
    [
      'let out to the prefix list of a gateway endpoint',
      'dynamodb',
      vpcWith(endpoints(gatewayEndpoint('rtb-a', 'rtb-b'))),
      only8000,
      [open443('egress', 'sg-f', 'PrefixListIds=[{PrefixListId=pl-dynamodb}]')],
    ],
    [
      'let out to the internet',
      'ssm',
      vpcWith(tablesWith('nat-1')),
      only8000,
      [open443('egress', 'sg-f', 'IpRanges=[{CidrIp=0.0.0.0/0}]')],
    ],
    ['are none while an endpoint is pending', 'ssm', vpcWith(ssm({ state: 'pending' })), undefined, []],
  ])('%s', (_name, service, vpc, caller, expected) => {
    expect(commandsFor(service, vpc, caller)).toEqual(expected);
  });
});
