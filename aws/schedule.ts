import {
  DescribeRuleCommand,
  EventBridgeClient,
  type EventBridgeClientConfig,
  ListRuleNamesByTargetCommand,
} from '@aws-sdk/client-eventbridge';
import type { CallerFacts } from '../workflow/doctor/facts.ts';
import { callAws, readerConfig, required } from './call.ts';

export const openEventBridge = (config: EventBridgeClientConfig = {}) =>
  new EventBridgeClient({ ...readerConfig(), ...config });

/** The rules of the default event bus that have a resource as a target. */
export async function listRuleNames(client: EventBridgeClient, targetArn: string): Promise<string[]> {
  const call = { action: 'events:ListRuleNamesByTarget', resource: `target ${targetArn}` };
  const names: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await callAws(call, () =>
      client.send(
        new ListRuleNamesByTargetCommand({
          TargetArn: targetArn,
          ...(nextToken === undefined ? {} : { NextToken: nextToken }),
        }),
      ),
    );
    names.push(...required(call, 'RuleNames', page.RuleNames));
    nextToken = page.NextToken;
  } while (nextToken !== undefined);
  return names;
}

/** @returns `undefined` if the rule was deleted meanwhile. */
export async function readRule(client: EventBridgeClient, name: string): Promise<CallerFacts | undefined> {
  return callAws<CallerFacts | undefined>(
    { action: 'events:DescribeRule', resource: `rule ${name}` },
    async () => {
      const { State, ScheduleExpression } = await client.send(new DescribeRuleCommand({ Name: name }));
      return { rule: name, isEnabled: State !== 'DISABLED', schedule: ScheduleExpression ?? null };
    },
    { ResourceNotFoundException: () => undefined },
  );
}
