/** The names of what the target app and its stack have, and of what `openAws` puts there. */
import { arn } from '../../sandbox/template.ts';

export const parameterName = '/app/env';
/** The one that keeps the backup of the target sandbox. */
export const otherRegion = 'ap-northeast-1';
/** A table whose items are found by the string `target`. */
export const leaseTableName = 'app-leases';
/** The Auto Scaling group that is there. */
export const groupName = 'app-workers';
export const topicArn = arn('sns', 'app-recovery');
export const documentName = 'app-deploy';
export const documentCommands = ["export ENV_VERSION='{{ envVersion }}'", 'node deploy.cjs'];
