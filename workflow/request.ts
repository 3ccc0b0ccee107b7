/** What an execution may be started with, and what it is taken to ask for. */
import * as v from 'valibot';
import { maskAssignments, redact } from '../env/redact.ts';
import { parse } from './parse.ts';
import type { Target } from './target.ts';
import { mostCharacters, oneLine } from './words.ts';

/** What an operator may say when starting an execution. It never names a resource or a command. */
const RecoveryRequest = v.strictObject({
  /** `plan` reads, says what `recover` would change, and changes nothing. */
  mode: v.optional(v.picklist(['recover', 'plan']), 'recover'),
  /** `auto`: when the env was restored or the endpoint isn't healthy. */
  deploy: v.optional(v.picklist(['auto', 'always', 'never']), 'auto'),
  /** Overrides the cooldown, the circuit breaker and a closed change calendar, but never the lease of a recovery that runs. */
  force: v.optional(v.boolean(), false),
  /** Free text for the report. */
  reason: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(mostCharacters, `expected at most ${mostCharacters} characters`),
      // After a line break, the rest could pass for a line of the message itself.
      v.regex(/^\P{Cc}*$/u, 'expected one line'),
    ),
  ),
});

/** The event that EventBridge delivers when an alarm changes its state, with the fields that are read. */
const AlarmEvent = v.object({
  source: v.literal('aws.cloudwatch'),
  'detail-type': v.literal('CloudWatch Alarm State Change'),
  detail: v.object({
    alarmName: v.pipe(v.string(), v.maxLength(255)),
    state: v.object({ value: v.picklist(['OK', 'ALARM', 'INSUFFICIENT_DATA']) }),
  }),
});

/** The event of Parameter Store when a parameter is created, updated or deleted. */
const ParameterEvent = v.object({
  source: v.literal('aws.ssm'),
  'detail-type': v.literal('Parameter Store Change'),
  detail: v.object({
    name: v.pipe(v.string(), v.maxLength(2048)),
    operation: v.pipe(v.string(), v.maxLength(64)),
  }),
});

/** The event of a rule with a schedule. */
const ScheduledEvent = v.object({
  source: v.literal('aws.events'),
  'detail-type': v.literal('Scheduled Event'),
});

/** What a person or an event asked for, with the defaults filled in. */
export const Request = v.object({
  mode: v.picklist(['recover', 'plan']),
  deploy: v.picklist(['auto', 'always', 'never']),
  force: v.boolean(),
  reason: v.nullable(v.string()),
  trigger: v.picklist(['operator', 'alarm', 'parameter', 'schedule']),
});
export type Request = v.InferOutput<typeof Request>;

/**
 * Reads the execution's input: an operator's request, or an event from EventBridge about an alarm, the parameter or the
 * schedule. An event can ask for nothing but a recovery; `modeOf` says whether it gets one.
 *
 * @throws RecoveryError InvalidInput for anything else.
 */
export function readRequest(input: unknown): Request {
  const event = readEvent(input);
  if (event) return { mode: 'recover', deploy: 'auto', force: false, ...event };
  // An array without items would pass for an object without fields.
  const value = Array.isArray(input) ? null : input;
  const request = parse(RecoveryRequest, value, 'InvalidInput', "the execution's input");
  const { reason } = request;
  // A person may type anything, even a secret.
  return {
    ...request,
    reason: reason === undefined ? null : oneLine(redact(reason, new Map())),
    trigger: 'operator',
  };
}

/** What an execution does: what a person asks for, and what the target lets everything else do. */
export const modeOf = (
  { mode, trigger }: Pick<Request, 'mode' | 'trigger'>,
  { act }: Target['triggers'],
): Request['mode'] => (trigger === 'operator' ? mode : act);

/** Whether the input is the event of an alarm that is OK: there is nothing to recover from. */
export function isAllClear(input: unknown): boolean {
  return v.is(AlarmEvent, input) && input.detail.state.value === 'OK';
}

/** Anybody who may start an execution can make an event by hand, with anything in it. */
function readEvent(input: unknown): Pick<Request, 'trigger' | 'reason'> | undefined {
  const alarm = v.safeParse(AlarmEvent, input);
  if (alarm.success) {
    const { alarmName, state } = alarm.output.detail;
    return { trigger: 'alarm', reason: `${oneLine(maskAssignments(alarmName))} is ${state.value}` };
  }
  const parameter = v.safeParse(ParameterEvent, input);
  if (parameter.success) {
    const { name, operation } = parameter.output.detail;
    const [what, whose] = [operation, name].map((words) => oneLine(maskAssignments(words)));
    return { trigger: 'parameter', reason: `${what} of ${whose}` };
  }
  return v.is(ScheduledEvent, input) ? { trigger: 'schedule', reason: null } : undefined;
}
