/**
 * An env that is spread over the parameters right below a path, one for each key, as the rules see it: as versions of a
 * text. The version of the env is the sum of the versions of its parameters, so each write adds one.
 */
import { pathText } from '../env/readers/path.ts';
import type { ParameterRecord } from './versions.ts';

/** Whether an env has a parameter for each key: no parameter's name ends with a slash, every path does here. */
export const isPath = (name: string): boolean => name.endsWith('/');

/** The newest versions of the parameters below a path, as one. `undefined` if there is none. */
export function envBelowPath(parameters: ReadonlyMap<string, ParameterRecord>): ParameterRecord | undefined {
  if (parameters.size === 0) return undefined;
  const records = [...parameters.values()];
  const readable = [...parameters].filter(([, { unreadable }]) => unreadable === undefined);
  const newest = records.reduce((one, other) => (timeOf(other) > timeOf(one) ? other : one));
  return {
    text: pathText(readable.map(([key, { text }]) => [key, text])),
    version: sumOf(records),
    type: [...new Set(records.map(({ type }) => type))].toSorted().join(' and '),
    modifiedAt: newest.modifiedAt,
    modifiedBy: newest.modifiedBy,
    keyId: undefined,
    description: undefined,
    allowedPattern: undefined,
    tier: undefined,
    labels: [],
    parameters,
  };
}

/** More states of an env than anybody goes back. Of a single parameter, SSM keeps 100 versions. */
const maxStates = 300;
/** Between two writes of one change. */
const pauseMs = 10_000;

/** One version of a parameter. */
interface Write {
  readonly key: string;
  readonly record: ParameterRecord;
  /** Whether it gives the key another value than before. */
  readonly isNew: boolean;
}

/**
 * How an env became what it is, oldest first: a state after each change of it. SSM keeps 100 versions of each parameter;
 * if older ones are gone, the oldest that is known counts for the time before as well. What a parameter that was deleted
 * has held, no state has: its history is gone with it.
 *
 * @param histories of the parameters by key, each oldest first.
 */
export function historyBelowPath(
  histories: ReadonlyMap<string, readonly ParameterRecord[]>,
): ParameterRecord[] {
  const writes = [...histories].flatMap(([key, history]) =>
    history.map((record, index): Write => {
      const before = history[index - 1];
      return { key, record, isNew: record.text !== before?.text || record.unreadable !== before.unreadable };
    }),
  );
  const isOldest = ({ key, record }: Write) => record.version > 1 && record === histories.get(key)?.[0];
  const parameters = new Map(writes.filter(isOldest).map(({ key, record }) => [key, record]));
  const changes = changesOf(writes.filter((write) => !isOldest(write)));
  const states: ParameterRecord[] = [];
  const add = (state: ParameterRecord | undefined) => {
    if (state) states.push(state);
  };
  add(envBelowPath(new Map(parameters)));
  for (const [index, change] of changes.entries()) {
    for (const { key, record } of change) parameters.set(key, record);
    if (index < changes.length - maxStates || !change.some(({ isNew }) => isNew)) continue;
    const state = envBelowPath(new Map(parameters));
    add(state && { ...state, ...aboutChange(change) });
  }
  // What was written again with the value that it had makes no state, but counts.
  const newest = envBelowPath(parameters);
  if (newest && newest.version !== states.at(-1)?.version) {
    if (states.at(-1)?.text === newest.text) states.pop();
    states.push(newest);
  }
  return states;
}

/**
 * What somebody writes to several keys, one after the other, is one change: nobody means a state that has half of it. A
 * key that is written again is another change.
 */
function changesOf(writes: readonly Write[]): Write[][] {
  const changes: Write[][] = [];
  // Of the same moment, what was made comes before what was changed.
  const inOrder = writes.toSorted(
    ({ record: one }, { record: other }) => timeOf(one) - timeOf(other) || one.version - other.version,
  );
  for (const write of inOrder) {
    const { key, record } = write;
    const change = changes.at(-1);
    const last = change?.at(-1)?.record;
    const isOfChange =
      record.modifiedBy !== undefined &&
      record.modifiedBy === last?.modifiedBy &&
      timeOf(record) - timeOf(last) <= pauseMs &&
      change?.every((earlier) => earlier.key !== key);
    if (isOfChange) change?.push(write);
    else changes.push([write]);
  }
  return changes;
}

/** When it ended, whose it was, and what of it can't be read. */
function aboutChange(
  change: readonly Write[],
): Pick<ParameterRecord, 'modifiedAt' | 'modifiedBy' | 'keyId' | 'unreadable'> {
  const last = change.at(-1)?.record;
  const { keyId, unreadable } = change.find(({ record }) => record.unreadable !== undefined)?.record ?? {};
  return {
    modifiedAt: last?.modifiedAt,
    modifiedBy: last?.modifiedBy,
    keyId,
    ...(unreadable === undefined ? {} : { unreadable }),
  };
}

const timeOf = ({ modifiedAt }: ParameterRecord): number => modifiedAt?.getTime() ?? 0;

const sumOf = (records: readonly ParameterRecord[]): number =>
  records.reduce((sum, { version }) => sum + version, 0);
