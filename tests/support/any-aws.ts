/**
 * What the sandbox fakes has to be what AWS documents. The tests that hold it to that speak to nothing but an
 * endpoint, so that they can be pointed at any AWS: set AWS_BEHAVIOUR_ENDPOINT to its address (and credentials that it
 * takes), AWS_BEHAVIOUR_TABLE and AWS_BEHAVIOUR_TOPIC to a table with the string key `target` and to the ARN of a topic
 * there, AWS_BEHAVIOUR_GROUP to the name of an Auto Scaling group of one instance and at most four, without a policy,
 * AWS_BEHAVIOUR_SECURITY_GROUP to the id of a security group, AWS_BEHAVIOUR_FUNCTION to the name of a function that may
 * be invoked, and gets a variable, versions, permissions, and for a moment a rule that is disabled and a policy of its
 * role, AWS_BEHAVIOUR_CALENDAR to the name of a change calendar that is open but for the first of January 2030 in UTC,
 * and AWS_BEHAVIOUR_SCHEDULE to the name of a schedule of EventBridge Scheduler in the group `default`, which gets
 * another description for a moment.
 */
import { iamArn } from '../../sandbox/services/iam.ts';
import { arn } from '../../sandbox/template.ts';
import { groupName, leaseTableName, topicArn } from './app-names.ts';
import { functionGroup } from './app-network.ts';
import { openAws } from './aws.ts';

const given = process.env.AWS_BEHAVIOUR_ENDPOINT;
export const TableName = process.env.AWS_BEHAVIOUR_TABLE ?? leaseTableName;
export const TopicArn = process.env.AWS_BEHAVIOUR_TOPIC ?? topicArn;
export const SecurityGroupId = process.env.AWS_BEHAVIOUR_SECURITY_GROUP ?? functionGroup;
export const FunctionName = process.env.AWS_BEHAVIOUR_FUNCTION ?? 'behaviour';
export const CalendarName = process.env.AWS_BEHAVIOUR_CALENDAR ?? 'behaviour-freeze';
export const ScheduleName = process.env.AWS_BEHAVIOUR_SCHEDULE ?? 'behaviour';
export const GroupName = process.env.AWS_BEHAVIOUR_GROUP ?? groupName;

/** @returns what the SDK's clients need to speak to that AWS, and the sandbox where it is that one. */
export async function openAnyAws() {
  const region = process.env.AWS_REGION ?? 'ap-northeast-2';
  if (given !== undefined) return { config: { endpoint: given, region }, sandbox: undefined };
  const sandbox = await openAws();
  sandbox.addFunction(FunctionName, 'return 1', {});
  sandbox.runCommand.calendars.set(CalendarName, {
    type: 'DEFAULT_OPEN',
    events: [{ startMs: Date.UTC(2030, 0, 1), endMs: Date.UTC(2030, 0, 2) }],
  });
  sandbox.schedules.put(ScheduleName, {
    ScheduleExpression: 'rate(1 day)',
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: { Arn: arn('lambda', `function:${FunctionName}`), RoleArn: iamArn('role/scheduler') },
  });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return { config: { endpoint: sandbox.endpoint.url, region, credentials }, sandbox };
}
