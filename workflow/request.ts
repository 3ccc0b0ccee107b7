import * as v from 'valibot';
import { redact } from '../env/redact.ts';
import { describeIssue } from './parse.ts';
import { RecoveryError } from './recovery-error.ts';
import { AlarmEvent, ParameterEvent, RecoveryRequest, type Request, ScheduledEvent } from './states.ts';

/**
 * Reads the execution's input: an operator's request, or an event as EventBridge delivers it: of an alarm, of the
 * parameter, or of the schedule. An event can ask for nothing but a recovery.
 *
 * @throws RecoveryError InvalidInput for anything else.
 */
export function readRequest(input: unknown): Request {
  const event = readEvent(input);
  if (event) return { mode: 'recover', deploy: 'auto', force: false, ...event };
  const request = v.safeParse(RecoveryRequest, input, { abortEarly: true });
  if (!request.success || Array.isArray(input)) {
    const issue = request.success ? 'expected Object' : describeIssue(request.issues[0]);
    throw new RecoveryError('InvalidInput', `the execution's input: ${issue}.`);
  }
  const { reason } = request.output;
  // What a person types can be anything, a secret as well.
  return {
    ...request.output,
    reason: reason === undefined ? null : redact(reason, new Map()),
    trigger: 'operator',
  };
}

function readEvent(input: unknown): Pick<Request, 'trigger' | 'reason'> | undefined {
  const alarm = v.safeParse(AlarmEvent, input);
  if (alarm.success) {
    const { alarmName, state } = alarm.output.detail;
    return { trigger: 'alarm', reason: `${alarmName} is ${state.value}` };
  }
  const parameter = v.safeParse(ParameterEvent, input);
  if (parameter.success) {
    const { name, operation } = parameter.output.detail;
    return { trigger: 'parameter', reason: `${operation} of ${name}` };
  }
  return v.is(ScheduledEvent, input) ? { trigger: 'schedule', reason: null } : undefined;
}
