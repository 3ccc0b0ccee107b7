/** Where the resources of a target are, as ARNs have it. */
import { stackNameOf } from '../stack-names.ts';

export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
}

/** The place in an ARN: `arn:<partition>:<service>:<region>:<account>:…`. */
export function placeOf(arn: string): Place {
  const [, partition = '', , region = '', accountId = ''] = arn.split(':');
  return { partition, region, accountId };
}

export const arnOf = (place: Place, service: string, resource: string): string =>
  `arn:${place.partition}:${service}:${place.region}:${place.accountId}:${resource}`;

export const machineArnOf = (place: Place, target: string): string =>
  arnOf(place, 'states', `stateMachine:${stackNameOf(target)}`);

export const topicArnOf = (place: Place, target: string): string => arnOf(place, 'sns', stackNameOf(target));
