/**
 * What a target with `vpc.manage` needs of a VPC: the functions' security group, the endpoints of the services that
 * they call, and the rules for exactly these ways. DNS needs no rule, since security groups don't filter what goes to
 * the DNS server of the VPC.
 */

import { asBlock } from '../workflow/network/addresses.ts';
import { endpointServiceOf, servicesOfStack } from '../workflow/network/called-services.ts';
import { destinationOf } from '../workflow/network/destination.ts';
import { httpsPort } from '../workflow/network/vpc.ts';
import { stackNameOf } from '../workflow/stack-names.ts';
import type { ManagedVpc } from '../workflow/target/vpc.ts';
import type { DeployedTarget } from '../workflow/target.ts';

const idOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'GroupId'] });

const functionsGroup = 'FunctionsSecurityGroup';
const endpointsGroup = 'EndpointsSecurityGroup';
const endpointIds = { ssm: 'SsmEndpoint', monitoring: 'MonitoringEndpoint', sqs: 'SqsEndpoint' } as const;

/** Where a function in the VPC is, as serverless.yml has it. */
export const placeInVpc = ({ vpc }: DeployedTarget) =>
  vpc && {
    subnetIds: vpc.subnetIds,
    securityGroupIds: vpc.manage ? [idOf(functionsGroup)] : vpc.securityGroupIds,
  };

/**
 * @param region of the stack.
 * @returns resources by logical id; none without `vpc.manage`.
 */
export function networkResources(target: DeployedTarget, region: string): Record<string, object> {
  const { vpc } = target;
  if (!vpc?.manage) return {};
  const created = servicesOfStack(target.metricFunction).filter(
    (service) => vpc.endpoints[service] === 'create',
  );
  const ways = waysOf(target, vpc);
  return {
    [functionsGroup]: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        GroupDescription: `The functions of ${stackNameOf(target.name)}`,
        VpcId: vpc.vpcId,
        SecurityGroupEgress: ways.map(({ to, port }) => ({ ...tcp(port), ...peerOf(to, 'Destination') })),
      },
    },
    // The other end of each way, where it is a group.
    ...Object.fromEntries(
      ways.flatMap(({ to, port }) => (isGroup(to) ? [ingressFromFunctions(to, port)] : [])),
    ),
    ...(created.length > 0 ? { [endpointsGroup]: groupOfEndpoints(target.name, vpc) } : {}),
    ...Object.fromEntries(
      created.map((service) => [
        endpointIds[service],
        {
          Type: 'AWS::EC2::VPCEndpoint',
          Properties: {
            VpcEndpointType: 'Interface',
            ServiceName: { 'Fn::Sub': endpointServiceOf(service, region, '${AWS::Region}') },
            VpcId: vpc.vpcId,
            SubnetIds: vpc.subnetIds,
            SecurityGroupIds: [idOf(endpointsGroup)],
            PrivateDnsEnabled: true,
          },
        },
      ]),
    ),
  };
}

/** What the functions connect to: a block, a group's id, or the group of the new endpoints. */
interface Way {
  readonly to: string;
  readonly port: number;
}

/** Each once: EC2 refuses the same rule twice. */
function waysOf({ endpoint, metricFunction }: DeployedTarget, vpc: ManagedVpc): Way[] {
  const { port, address = '' } = destinationOf(endpoint.url);
  const destinations = { create: endpointsGroup, nat: '0.0.0.0/0' } as const;
  const ways = [
    { to: vpc.apiSecurityGroupId ?? asBlock(address), port },
    ...servicesOfStack(metricFunction).map((service) => {
      const way = vpc.endpoints[service];
      return { to: way === 'create' || way === 'nat' ? destinations[way] : way, port: httpsPort };
    }),
  ];
  return [...new Map(ways.map((way) => [`${way.to} ${way.port}`, way])).values()];
}

const isGroup = (to: string) => to === endpointsGroup || to.startsWith('sg-');

const tcp = (port: number) => ({ IpProtocol: 'tcp', FromPort: port, ToPort: port });

function peerOf(peer: string, end: 'Source' | 'Destination') {
  if (isGroup(peer)) return { [`${end}SecurityGroupId`]: peer === endpointsGroup ? idOf(peer) : peer };
  return peer.includes(':') ? { CidrIpv6: peer } : { CidrIp: peer };
}

/** A resource of its own: it may be on a group of yours, and two groups that name each other can't be made at once. */
const ingressFromFunctions = (to: string, port: number) =>
  [
    `Port${port}Of${to.replace('sg-', 'Sg')}`,
    {
      Type: 'AWS::EC2::SecurityGroupIngress',
      Properties: {
        GroupId: to === endpointsGroup ? idOf(to) : to,
        Description: 'From the functions of env-recovery',
        ...tcp(port),
        SourceSecurityGroupId: idOf(functionsGroup),
      },
    },
  ] as const;

const groupOfEndpoints = (name: string, { vpcId, endpointClients = [] }: ManagedVpc) => ({
  Type: 'AWS::EC2::SecurityGroup',
  Properties: {
    GroupDescription: `The endpoints of ${stackNameOf(name)}`,
    VpcId: vpcId,
    SecurityGroupIngress: [...new Set(endpointClients)].map((client) => ({
      ...tcp(httpsPort),
      ...peerOf(client, 'Source'),
    })),
    // An endpoint opens no connection. Without any rule here, EC2 would let everything out.
    SecurityGroupEgress: [{ IpProtocol: '-1', CidrIp: '127.0.0.1/32' }],
  },
});
