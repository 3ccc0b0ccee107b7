/** A target with `vpc.manage`, and what its template makes of the network, as EC2 would say it. */
import * as v from 'valibot';
import { stackOf } from '../../stack/stack.ts';
import { readTarget } from '../../targets/load.ts';
import type { SecurityGroup, SecurityGroupRule, VpcEndpoint } from '../../workflow/network/facts.ts';
import { seen } from '../../workflow/network/seen.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import { defaultEgress, ownAccount, partyOf, ruleOf } from './network.ts';

export const apiGroup = 'sg-0123456789abcdefa';

const managed = {
  manage: true,
  vpcId: 'vpc-0123456789abcdef0',
  subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
  endpointClients: [],
};

export interface ManagedPart {
  readonly vpc?: object;
  readonly url?: string;
  readonly metricFunction?: object;
}

/** @throws TargetInvalid */
export function managedTarget({ vpc, url, metricFunction }: ManagedPart = {}): DeployedTarget {
  return {
    name: 'app',
    ...readTarget('app', {
      parameter: { name: '/app/env', requiredKeys: ['INTERNAL_KEY'] },
      instances: { ids: ['i-00000001'] },
      deploy: { commands: ['node deploy.cjs'] },
      endpoint: {
        url: url ?? 'http://10.0.9.9:8000/count/',
        internalKey: 'INTERNAL_KEY',
        backlogPath: 'backlog',
      },
      metricFunction: {
        name: 'metric',
        answerPath: 'count',
        ...metricFunction,
        ...(metricFunction && { set: { VIDEO_BACKLOG_API_INTERNAL: url ?? 'http://10.0.9.9:8000/count/' } }),
      },
      metric: { namespace: 'App', name: 'BacklogCount', dimensions: { WorkerType: 'Video' } },
      vpc: { ...managed, ...vpc },
    }),
  };
}

export const deployedFunction = {
  answerPath: 'video_backlog_count',
  setFromEnv: { LAMBDA_INTERNAL_API_KEY: 'INTERNAL_KEY' },
  deploy: true,
  queues: { ai: 'ai', video: 'video', messaging: 'messaging' },
};

/** A group that the stack makes goes by its logical id here. */
const GroupId = v.union([
  v.string(),
  v.pipe(
    v.strictObject({ 'Fn::GetAtt': v.strictTuple([v.string(), v.literal('GroupId')]) }),
    v.transform((reference) => reference['Fn::GetAtt'][0]),
  ),
]);

const ruleEntries = {
  Description: v.optional(v.string()),
  IpProtocol: v.string(),
  FromPort: v.optional(v.number(), -1),
  ToPort: v.optional(v.number(), -1),
  CidrIp: v.optional(v.string()),
  CidrIpv6: v.optional(v.string()),
  SourceSecurityGroupId: v.optional(GroupId),
  DestinationSecurityGroupId: v.optional(GroupId),
};
const Rule = v.strictObject(ruleEntries);

const Resource = v.variant('Type', [
  v.strictObject({
    Type: v.literal('AWS::EC2::SecurityGroup'),
    Properties: v.strictObject({
      GroupDescription: v.string(),
      VpcId: v.string(),
      SecurityGroupIngress: v.optional(v.array(Rule), []),
      SecurityGroupEgress: v.optional(v.array(Rule), []),
    }),
  }),
  v.strictObject({
    Type: v.literal('AWS::EC2::SecurityGroupIngress'),
    Properties: v.strictObject({ GroupId, ...ruleEntries }),
  }),
  v.strictObject({
    Type: v.literal('AWS::EC2::VPCEndpoint'),
    Properties: v.strictObject({
      VpcEndpointType: v.string(),
      ServiceName: v.strictObject({ 'Fn::Sub': v.string() }),
      VpcId: v.string(),
      SubnetIds: v.array(v.string()),
      SecurityGroupIds: v.array(GroupId),
      PrivateDnsEnabled: v.boolean(),
    }),
  }),
]);

const Place = v.strictObject({ subnetIds: v.array(v.string()), securityGroupIds: v.array(GroupId) });

/** As in network.ts: `<group> <in|out> <protocol> <all | port> <block | group>`. */
function lineOf(group: string, way: 'in' | 'out', rule: v.InferOutput<typeof Rule>): string {
  const ports = rule.FromPort === -1 ? 'all' : `${rule.FromPort}-${rule.ToPort}`;
  const peers = [
    rule.CidrIp,
    rule.CidrIpv6,
    way === 'in' ? rule.SourceSecurityGroupId : rule.DestinationSecurityGroupId,
  ].filter((peer) => peer !== undefined);
  if (peers.length !== 1) throw new Error(`EC2 takes one peer for a rule, and not ${peers}`);
  return `${group} ${way} ${rule.IpProtocol} ${ports} ${peers[0]}`;
}

/** @param before rules of groups that are there before the stack. */
export function networkOfStack(target: DeployedTarget, before: readonly string[] = []) {
  const { resources, functions } = stackOf(target);
  const found = Object.entries(v.parse(v.record(v.string(), v.looseObject({ Type: v.string() })), resources))
    .filter(([, { Type }]) => Type.startsWith('AWS::EC2::'))
    .map(([id, resource]) => [id, v.parse(Resource, resource)] as const);
  const lines = found.flatMap(([id, { Type, Properties }]) => {
    if (Type === 'AWS::EC2::SecurityGroupIngress') return [lineOf(Properties.GroupId, 'in', Properties)];
    if (Type === 'AWS::EC2::VPCEndpoint') return [];
    const egress = Properties.SecurityGroupEgress.map((rule) => lineOf(id, 'out', rule));
    return [
      ...Properties.SecurityGroupIngress.map((rule) => lineOf(id, 'in', rule)),
      // EC2 adds this one to a group that comes without any.
      ...(egress.length > 0 ? egress : [defaultEgress(id)]),
    ];
  });
  const rules = [...before, ...lines].map(read);
  const groups = (ids: readonly string[]): SecurityGroup[] =>
    ids.map((id) => ({
      id,
      ownerId: ownAccount,
      rules: seen<readonly SecurityGroupRule[]>(rules.filter(({ groupId }) => groupId === id)),
    }));
  const party = (ids: readonly string[], addresses: readonly string[]) => ({
    ...partyOf({ addresses }, []),
    groups: groups(ids),
  });
  const { vpc: place } = v.parse(v.object({ vpc: Place }), functions.checkEndpoint);
  return {
    /** All rules of the template. */
    lines,
    caller: {
      subnetIds: place.subnetIds,
      party: party(place.securityGroupIds, ['10.0.1.0/24', '10.0.2.0/24']),
    },
    party,
    endpoints: found.flatMap(([id, { Type, Properties }]): VpcEndpoint[] =>
      Type === 'AWS::EC2::VPCEndpoint'
        ? [
            {
              id,
              serviceName: Properties.ServiceName['Fn::Sub'].replace('${AWS::Region}', 'ap-northeast-2'),
              type: Properties.VpcEndpointType,
              state: 'available',
              privateDns: Properties.PrivateDnsEnabled,
              subnetIds: Properties.SubnetIds,
              routeTableIds: [],
              party: party(Properties.SecurityGroupIds, ['10.0.1.9', '10.0.2.9']),
            },
          ]
        : [],
    ),
  };
}

/** A rule whose peer may be a group of the stack. */
function read(line: string): SecurityGroupRule & { readonly groupId: string } {
  const peer = line.split(' ').at(-1) ?? '';
  const rule = ruleOf(line);
  return /^[A-Z]/.test(peer) ? { ...rule, peer: { groupId: peer } } : rule;
}
