import * as v from 'valibot';
import { RecoveryError } from './errors.ts';
import { describeIssue } from './handler.ts';
import { AlarmEvent, RecoveryRequest, type RecoveryState } from './states.ts';

/**
 * Reads the execution's input: an operator's request, or a CloudWatch alarm event as EventBridge delivers it.
 *
 * @throws RecoveryError InvalidInput for anything else.
 */
export function readRequest(input: unknown): RecoveryState['request'] {
  const alarm = v.safeParse(AlarmEvent, input);
  if (alarm.success) {
    const { alarmName, state } = alarm.output.detail;
    return { mode: 'recover', deploy: 'auto', reason: `${alarmName} is ${state.value}`, trigger: 'alarm' };
  }
  const request = v.safeParse(RecoveryRequest, input, { abortEarly: true });
  if (!request.success || Array.isArray(input)) {
    const issue = request.success ? 'expected Object' : describeIssue(request.issues[0]);
    throw new RecoveryError(
      'InvalidInput',
      `the execution's input: ${issue}. Start it with {} or with "mode" ("recover"), "deploy" ("auto", "always" or "never") and "reason", or with a CloudWatch alarm event.`,
    );
  }
  return { ...request.output, reason: request.output.reason ?? null, trigger: 'operator' };
}
