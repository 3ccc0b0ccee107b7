import { paginateDescribeInstanceInformation, type SSMClient } from '@aws-sdk/client-ssm';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { splitTag, type Target } from '../workflow/target.ts';
import { callPages } from './call.ts';

/** The managed instances with a tag, in any state: an offline one has to show up as a failure. */
async function findInstances(ssm: SSMClient, tag: { key: string; value: string }): Promise<string[]> {
  const call = {
    action: 'ssm:DescribeInstanceInformation',
    resource: `instances tagged ${tag.key}=${tag.value}`,
  };
  const Filters = [{ Key: `tag:${tag.key}`, Values: [tag.value] }];
  const pages = paginateDescribeInstanceInformation({ client: ssm }, { Filters });
  const instances = await callPages(call, pages, 'InstanceInformationList');
  return instances.flatMap(({ InstanceId }) => InstanceId ?? []);
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
  const tagged = await findInstances(ssm, splitTag(tag));
  if (tagged.length > maxInstances) {
    throw new RecoveryError(
      'TooManyInstances',
      `${tagged.length} instances are tagged ${tag}, and a command takes ${maxInstances} at most.`,
    );
  }
  if (tagged.length > 0) return tagged;
  throw new RecoveryError('NoInstances', `no instance that SSM manages is tagged ${tag}.`);
}
