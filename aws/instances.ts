import { paginateDescribeInstanceInformation, type SSMClient } from '@aws-sdk/client-ssm';
import type { AgentFacts } from '../workflow/doctor/facts.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { splitTag, type Target } from '../workflow/target.ts';
import { callPages } from './call.ts';

/**
 * What SSM says of the agents of instances, in any state: an offline one has to show up as a failure. An instance that
 * SSM doesn't manage is not listed.
 */
export async function readAgents(ssm: SSMClient, { ids, tag }: Target['instances']): Promise<AgentFacts[]> {
  const { key, value } = splitTag(tag);
  const [filter, resource] = ids
    ? [{ Key: 'InstanceIds', Values: ids }, `instances ${ids.join(', ')}`]
    : [{ Key: `tag:${key}`, Values: [value] }, `instances tagged ${key}=${value}`];
  const call = { action: 'ssm:DescribeInstanceInformation', resource };
  const pages = paginateDescribeInstanceInformation({ client: ssm }, { Filters: [filter] });
  const none = { InvalidInstanceId: () => [] };
  const instances = await callPages(call, pages, 'InstanceInformationList', none);
  return instances.flatMap(({ InstanceId, PingStatus, LastPingDateTime }) =>
    InstanceId === undefined
      ? []
      : {
          instanceId: InstanceId,
          pingStatus: PingStatus ?? 'Inactive',
          lastPingAt: LastPingDateTime?.toISOString() ?? null,
        },
  );
}

/** SendCommand takes no more instance ids than this. */
const maxInstances = 50;

/**
 * The instances of the target.
 *
 * @throws RecoveryError NoInstances or TooManyInstances with the tag.
 */
export async function listInstances(ssm: SSMClient, { ids, tag }: Target['instances']): Promise<string[]> {
  if (ids) return ids;
  const tagged = (await readAgents(ssm, { tag })).map(({ instanceId }) => instanceId);
  if (tagged.length > maxInstances) {
    throw new RecoveryError(
      'TooManyInstances',
      `${tagged.length} instances are tagged ${tag}, and a command takes ${maxInstances} at most.`,
    );
  }
  if (tagged.length > 0) return tagged;
  throw new RecoveryError('NoInstances', `no instance that SSM manages is tagged ${tag}.`);
}
