import { GetCalendarStateCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { callAws, required } from './call.ts';

/** Whether changes are allowed now; `until` the next change of that, in ISO 8601, or `null` if none is planned. */
export interface CalendarState {
  readonly isClosed: boolean;
  readonly until: string | null;
}

/**
 * Asks calendars of Systems Manager's Change Calendar, which are closed together as soon as one of them is.
 *
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCalendarState.html: without `AtTime`, of now.
 *
 * @param calendars at least one; names, or ARNs of those that another account shares.
 * @throws RecoveryError AccessDenied; AwsRejected if one of them does not exist or is no calendar.
 */
export async function readCalendarState(
  ssm: SSMClient,
  calendars: readonly string[],
): Promise<CalendarState> {
  const call = { action: 'ssm:GetCalendarState', resource: `change calendar ${calendars.join(', ')}` };
  const { State, NextTransitionTime } = await callAws(call, () =>
    ssm.send(new GetCalendarStateCommand({ CalendarNames: [...calendars] })),
  );
  return { isClosed: required(call, 'State', State) === 'CLOSED', until: NextTransitionTime ?? null };
}
