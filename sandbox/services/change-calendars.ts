/** Systems Manager's Change Calendar: documents that say when changes are allowed. */
import * as v from 'valibot';
import { AwsError, type Operation, operation } from '../endpoint.ts';

interface Calendar {
  /** Open but for its events, or closed but for them. */
  readonly type: 'DEFAULT_OPEN' | 'DEFAULT_CLOSED';
  readonly events: readonly { readonly startMs: number; readonly endMs: number }[];
}

/** The documents that are calendars, by name; any other document is none. */
export class ChangeCalendars {
  readonly #calendars = new Map<string, Calendar>();
  readonly #isDocument: (name: string) => boolean;

  /** @param isDocument whether there is a document of that name and of another type. */
  constructor(isDocument: (name: string) => boolean) {
    this.#isDocument = isDocument;
  }

  set(name: string, calendar: Calendar): void {
    this.#calendars.set(name, calendar);
  }

  /** Makes one in which nothing is closed. @param reference as in GetCalendarState. */
  open(reference: string): void {
    this.set(nameOf(reference), { type: 'DEFAULT_OPEN', events: [] });
  }

  delete(name: string): void {
    this.#calendars.delete(name);
  }

  /** @param reference a name or an ARN. */
  #find(reference: string): Calendar {
    const name = nameOf(reference);
    const calendar = this.#calendars.get(name);
    if (calendar) return calendar;
    throw this.#isDocument(name)
      ? new AwsError('InvalidDocumentType', 'The document is no change calendar.')
      : new AwsError('InvalidDocument', 'The specified document does not exist.');
  }

  readonly operations: Readonly<Record<string, Operation>> = {
    GetCalendarState: operation(
      v.object({
        CalendarNames: v.pipe(v.array(v.string()), v.minLength(1)),
        AtTime: v.optional(v.pipe(v.string(), v.isoTimestamp())),
      }),
      ({ CalendarNames, AtTime }) => {
        const calendars = CalendarNames.map((name) => this.#find(name));
        const atMs = AtTime === undefined ? Date.now() : Date.parse(AtTime);
        const isOpen = (timeMs: number) => calendars.every((calendar) => isOpenAt(calendar, timeMs));
        const next = calendars
          .flatMap(({ events }) => events.flatMap(({ startMs, endMs }) => [startMs, endMs]))
          .sort((one, other) => one - other)
          .find((timeMs) => timeMs > atMs && isOpen(timeMs) !== isOpen(atMs));
        return {
          State: isOpen(atMs) ? 'OPEN' : 'CLOSED',
          AtTime: isoOf(atMs),
          NextTransitionTime: next === undefined ? undefined : isoOf(next),
        };
      },
    ),
  };
}

/** @param reference a name or an ARN. */
const nameOf = (reference: string): string => reference.replace(/^arn:[^/]+:document\//, '');

function isOpenAt({ type, events }: Calendar, timeMs: number): boolean {
  const isInEvent = events.some(({ startMs, endMs }) => startMs <= timeMs && timeMs < endMs);
  return isInEvent === (type === 'DEFAULT_CLOSED');
}

/** To the second, as the examples of the API reference have it. */
const isoOf = (timeMs: number): string => `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
