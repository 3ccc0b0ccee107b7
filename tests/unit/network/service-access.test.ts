/**
 * Worked out by hand from the AWS PrivateLink guide ("Access an AWS service using an interface VPC endpoint", "Gateway
 * endpoints") and from the Lambda guide ("Enable internet access for VPC-connected Lambda functions").
 */

import type { FunctionNetwork, VpcFacts } from '../../../workflow/network/facts.ts';
import { seen, unseen } from '../../../workflow/network/seen.ts';
import { judgeService } from '../../../workflow/network/service-access.ts';
import {
  callerWith,
  endpoints,
  gatewayEndpoint,
  interfaceEndpoint,
  mainTableWith,
  partyOf,
  tablesWith,
  vpcWith,
} from '../../support/network.ts';

/** `endpoint <id>`, `NAT <ids>`, `none: <fault>`, or `unknown: <what is missing>`. */
function inWords(service: string, vpc: VpcFacts, caller: FunctionNetwork = callerWith()): string {
  const access = judgeService(service, caller, vpc);
  switch (access.kind) {
    case 'byEndpoint':
      return `endpoint ${access.endpointId}`;
    case 'byNat':
      return `NAT ${access.natGatewayIds.join(', ')}`;
    case 'none':
      return `none: ${access.fault}`;
    case 'unknown':
      return `unknown: ${access.missing.join('; ')}`;
  }
}

const refused = unseen('access denied');
const [noDns, noHostnames] = [{ dnsSupport: seen(false) }, { dnsHostnames: seen(false) }];
const ssm = (part = {}, ...rules: string[]) => endpoints(interfaceEndpoint(part, ...rules));
const closed = 'sg-e in tcp 443 sg-x';
const only8000 = callerWith('sg-f out tcp 8000 0.0.0.0/0');
const toEndpoint = callerWith('sg-f out tcp 443 sg-e');
const toList = callerWith('sg-f out tcp 443 pl-dynamodb');

describe('an interface endpoint', () => {
  it.each([
    ['lets the function in', vpcWith(ssm()), undefined, 'endpoint vpce-1'],
    ['is reached by egress to its group alone', vpcWith(ssm()), toEndpoint, 'endpoint vpce-1'],
    ['comes before a NAT gateway', vpcWith(ssm(), tablesWith('nat-1')), undefined, 'endpoint vpce-1'],
    [
      'serves subnets that it is not in',
      vpcWith(ssm({ subnetIds: ['subnet-x'] })),
      undefined,
      'endpoint vpce-1',
    ],
    ['does not let the function in', vpcWith(ssm({}, closed)), undefined, 'none: EndpointBlocked'],
    // The service's name leads to it from everywhere in the VPC.
    [
      'blocks the way to a NAT gateway',
      vpcWith(ssm({}, closed), tablesWith('nat-1')),
      undefined,
      'none: EndpointBlocked',
    ],
    ['is not let out to', vpcWith(ssm()), only8000, 'none: EndpointBlocked'],
    ['has no private DNS', vpcWith(ssm({ privateDns: false })), undefined, 'none: EndpointNotInDns'],
    [
      'has no private DNS, beside a NAT gateway',
      vpcWith(ssm({ privateDns: false }), tablesWith('nat-1')),
      undefined,
      'NAT nat-1',
    ],
    ['is in a VPC without DNS host names', vpcWith(ssm(), noHostnames), undefined, 'none: EndpointNotInDns'],
    [
      'is in a VPC without DNS host names, beside a NAT gateway',
      vpcWith(ssm(), noHostnames, tablesWith('nat-1')),
      undefined,
      'NAT nat-1',
    ],
    ['is in a VPC without DNS', vpcWith(ssm(), noDns), undefined, 'none: EndpointNotInDns'],
    ['is pending', vpcWith(ssm({ state: 'pending' })), undefined, 'none: EndpointNotReady'],
    [
      'waits to be accepted',
      vpcWith(ssm({ state: 'pendingacceptance' })),
      undefined,
      'none: EndpointNotReady',
    ],
    ['is in no subnet', vpcWith(ssm({ subnetIds: [] })), undefined, 'none: EndpointNotReady'],
    ['has failed', vpcWith(ssm({ state: 'failed' })), undefined, 'none: NoEndpoint'],
    ['is being deleted', vpcWith(ssm({ state: 'deleting' })), undefined, 'none: NoEndpoint'],
    [
      'is one for another service',
      vpcWith(ssm({ serviceName: 'com.amazonaws.ap-northeast-2.ssmmessages' })),
      undefined,
      'none: NoEndpoint',
    ],
    [
      'is one for another Region',
      vpcWith(ssm({ serviceName: 'com.amazonaws.us-east-1.ssm' })),
      undefined,
      'none: NoEndpoint',
    ],
    [
      'could not be looked for',
      vpcWith({ endpoints: refused }, tablesWith('nat-1')),
      undefined,
      'unknown: the endpoints of vpc-1 (access denied)',
    ],
    [
      'is in a VPC whose attributes could not be read',
      vpcWith(ssm(), { dnsSupport: refused }),
      undefined,
      'unknown: enableDnsSupport of vpc-1 (access denied)',
    ],
    [
      'has a group that could not be read',
      vpcWith(
        ssm({
          party: partyOf({ groups: ['sg-e'], addresses: ['10.0.1.9'] }, [], { 'sg-e': 'access denied' }),
        }),
      ),
      undefined,
      'unknown: the rules of sg-e (access denied)',
    ],
  ])('%s', (_name, vpc, caller, expected) => {
    expect(inWords('ssm', vpc, caller)).toBe(expected);
  });
});

describe('a gateway endpoint', () => {
  const gateway = (...tables: string[]) => endpoints(gatewayEndpoint(...tables));
  it.each([
    ['is in the tables of both subnets', vpcWith(gateway('rtb-a', 'rtb-b')), undefined, 'endpoint vpce-2'],
    [
      'is in the main table, and the subnets have none of their own',
      vpcWith(gateway('rtb-main'), mainTableWith('')),
      undefined,
      'endpoint vpce-2',
    ],
    ['is in the main table alone', vpcWith(gateway('rtb-main')), undefined, 'none: EndpointNotRouted'],
    ['is in the table of one subnet', vpcWith(gateway('rtb-a')), undefined, 'none: EndpointNotRouted'],
    [
      'is in the table of one subnet, beside NAT gateways',
      vpcWith(gateway('rtb-a'), tablesWith('nat-1', 'nat-2')),
      undefined,
      'NAT nat-1, nat-2',
    ],
    ['is let out to by its prefix list', vpcWith(gateway('rtb-a', 'rtb-b')), toList, 'endpoint vpce-2'],
    ['is not let out to', vpcWith(gateway('rtb-a', 'rtb-b')), only8000, 'none: EgressBlocked'],
    [
      'has a prefix list that could not be read',
      vpcWith(gateway('rtb-a', 'rtb-b'), { prefixLists: new Map([['pl-dynamodb', refused]]) }),
      undefined,
      'unknown: the entries of pl-dynamodb (access denied)',
    ],
    [
      'has a prefix list that nobody knows',
      vpcWith(gateway('rtb-a', 'rtb-b'), { gatewayLists: new Map() }),
      undefined,
      'unknown: the prefix list of dynamodb',
    ],
    [
      'cannot be judged without the route tables',
      vpcWith(gateway('rtb-a'), { routeTables: refused }),
      undefined,
      'unknown: the route tables of vpc-1 (access denied)',
    ],
  ])('%s', (_name, vpc, caller, expected) => {
    expect(inWords('dynamodb', vpc, caller)).toBe(expected);
  });
});

describe('without an endpoint, the default route', () => {
  it.each([
    ['leads to a NAT gateway', vpcWith(tablesWith('nat-1')), undefined, 'NAT nat-1'],
    [
      'leads to a NAT gateway in each zone',
      vpcWith(tablesWith('nat-1', 'nat-2')),
      undefined,
      'NAT nat-1, nat-2',
    ],
    ['of the main table leads to a NAT gateway', vpcWith(mainTableWith('nat-1')), undefined, 'NAT nat-1'],
    ['is missing', vpcWith(), undefined, 'none: NoEndpoint'],
    ['is missing in one subnet', vpcWith(tablesWith('nat-1', '')), undefined, 'none: NoEndpoint'],
    ['leads to an internet gateway', vpcWith(tablesWith('igw-1')), undefined, 'none: NoEndpoint'],
    [
      'of the main table leads to an internet gateway',
      vpcWith(mainTableWith('igw-1')),
      undefined,
      'none: NoEndpoint',
    ],
    [
      'of one subnet leads to an internet gateway',
      vpcWith(tablesWith('nat-1', 'igw-1')),
      undefined,
      'none: NoEndpoint',
    ],
    [
      'leads nowhere any more',
      vpcWith(tablesWith('nat-1', 'nat-2', 'blackhole')),
      undefined,
      'none: NoEndpoint',
    ],
    [
      'leads to a NAT gateway that has failed',
      vpcWith(tablesWith('nat-failed')),
      undefined,
      'none: NoEndpoint',
    ],
    ['leads to a private NAT gateway', vpcWith(tablesWith('nat-private')), undefined, 'none: NoEndpoint'],
    [
      'leads to a NAT gateway that is not shown',
      vpcWith(tablesWith('nat-x')),
      undefined,
      'unknown: the NAT gateway nat-x',
    ],
    [
      'leads to a transit gateway',
      vpcWith(tablesWith('tgw-1')),
      undefined,
      'unknown: where tgw-1 leads to, from subnet-a; where tgw-1 leads to, from subnet-b',
    ],
    [
      'leads to an instance',
      vpcWith(tablesWith('nat-1', 'eni-1')),
      undefined,
      'unknown: where eni-1 leads to, from subnet-b',
    ],
    [
      'could not be read',
      vpcWith({ routeTables: refused }),
      undefined,
      'unknown: the route tables of vpc-1 (access denied)',
    ],
    [
      'leads to a NAT gateway that could not be looked at',
      vpcWith(tablesWith('nat-1'), { natGateways: refused }),
      undefined,
      'unknown: the NAT gateway nat-1 (access denied)',
    ],
    [
      'leads to a NAT gateway, and the groups let nothing out',
      vpcWith(tablesWith('nat-1')),
      only8000,
      'none: EgressBlocked',
    ],
    [
      'leads to a NAT gateway, and the groups let it out to some places',
      vpcWith(tablesWith('nat-1')),
      callerWith('sg-f out tcp 443 52.0.0.0/8'),
      "unknown: to which of the internet's addresses the function's groups let it out",
    ],
    [
      'leads to a NAT gateway, and the VPC has no DNS',
      vpcWith(tablesWith('nat-1'), noDns),
      undefined,
      'unknown: which DNS server the function asks: enableDnsSupport is off in vpc-1',
    ],
  ])('%s', (_name, vpc, caller, expected) => {
    expect(inWords('ssm', vpc, caller)).toBe(expected);
  });

  it('is said to be no way out through an internet gateway', () => {
    expect(judgeService('ssm', callerWith(), vpcWith(tablesWith('igw-1')))).toMatchObject({
      found: [
        'vpc-1 has no endpoint for ssm',
        expect.stringContaining('leads to an internet gateway, which is no way out for a function'),
        expect.anything(),
      ],
    });
  });
});
