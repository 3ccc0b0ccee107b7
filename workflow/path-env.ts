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

/**
 * How an env became what it is, oldest first: a state for each write that changed it. SSM keeps 100 versions of each
 * parameter; if older ones are gone, the oldest that is known counts for the time before as well. What a parameter that
 * was deleted has held, no state has: its history is gone with it.
 *
 * @param histories of the parameters by key, each oldest first.
 */
export function historyBelowPath(
  histories: ReadonlyMap<string, readonly ParameterRecord[]>,
): ParameterRecord[] {
  const writes = [...histories].flatMap(([key, history]) =>
    history.map((record, index) => ({
      key,
      record,
      isFirst: index === 0 && record.version > 1,
      isChange: index === 0 || history[index - 1]?.text !== record.text,
    })),
  );
  const parameters = new Map(writes.filter(({ isFirst }) => isFirst).map(({ key, record }) => [key, record]));
  const later = writes
    .filter(({ isFirst }) => !isFirst)
    .toSorted((one, other) => timeOf(one.record) - timeOf(other.record));
  const states: ParameterRecord[] = [];
  const add = (state: ParameterRecord | undefined) => {
    if (state) states.push(state);
  };
  add(envBelowPath(new Map(parameters)));
  let tooMany = later.filter(({ isChange }) => isChange).length - maxStates;
  for (const { key, record, isChange } of later) {
    parameters.set(key, record);
    if (!isChange || tooMany-- > 0) continue;
    const state = envBelowPath(new Map(parameters));
    // Of the write itself: another parameter may have been written at the same moment.
    const { modifiedAt, modifiedBy, keyId, unreadable } = record;
    const about = { modifiedAt, modifiedBy, keyId, ...(unreadable === undefined ? {} : { unreadable }) };
    add(state && { ...state, ...about });
  }
  // What was written again with the value that it had makes no state, but counts.
  const newest = envBelowPath(parameters);
  if (newest && newest.version !== states.at(-1)?.version) {
    if (states.at(-1)?.text === newest.text) states.pop();
    states.push(newest);
  }
  return states;
}

const timeOf = ({ modifiedAt }: ParameterRecord): number => modifiedAt?.getTime() ?? 0;

const sumOf = (records: readonly ParameterRecord[]): number =>
  records.reduce((sum, { version }) => sum + version, 0);
