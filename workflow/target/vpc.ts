/** `vpc` of a target: with security groups of yours, or with those that the stack brings. */
import * as v from 'valibot';
import { parseRange } from '../network/addresses.ts';
import { checkedBy, matching, securityGroupId, securityGroupIds, subnetIds } from './fields.ts';

const isGroup = (text: string): boolean => v.safeParse(securityGroupId, text).success;

/** How functions in the VPC get to a service: by an endpoint of the stack, or by what is there. */
const Way = v.optional(
  checkedBy((way) =>
    way === 'create' || way === 'nat' || isGroup(way)
      ? undefined
      : 'expected create, nat, or the security group of the endpoint that is there',
  ),
  'create',
);

/** Everybody is no block here. */
const Client = checkedBy((client) => {
  if (isGroup(client)) return undefined;
  const [address = '', length = ''] = client.split('/');
  const block = parseRange(client);
  if (length === '' || /^0+$/.test(length) || block === undefined)
    return 'expected a block of your network such as 10.0.0.0/16, or a security group id';
  // EC2 would make the same rule of 10.0.0.5/16 as of 10.0.0.0/16, and refuses it twice.
  return block.first === parseRange(address)?.first
    ? undefined
    : 'expected the first address of the block, as in 10.0.0.0/16';
});

/** Whether `recover doctor` may have AWS analyse the way to the endpoint: each analysis costs 0.10 USD. */
const reachabilityAnalyzer = v.exactOptional(v.boolean());

const OwnGroups = v.strictObject({
  manage: v.optional(v.literal(false)),
  subnetIds,
  securityGroupIds,
  reachabilityAnalyzer,
});

const Managed = v.strictObject({
  manage: v.literal(true),
  vpcId: matching(/^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/, 'expected a VPC id'),
  subnetIds,
  securityGroupIds: v.optional(v.never('with manage, the stack brings a group of its own')),
  apiSecurityGroupId: v.optional(securityGroupId),
  endpoints: v.optional(v.strictObject({ ssm: Way, monitoring: Way, sqs: Way }), {}),
  endpointClients: v.optional(v.array(Client)),
  reachabilityAnalyzer,
});
export type ManagedVpc = v.InferOutput<typeof Managed>;

export const Vpc = v.variant('manage', [Managed, OwnGroups], 'expected true or false');
