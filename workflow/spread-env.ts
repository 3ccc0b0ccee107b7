/**
 * An env that is spread over several parameters, as the rules see it: as versions of one text. Either there is one
 * parameter for each key right below a path, or some texts that together make the env. The version of the env is the sum
 * of the versions of its parameters, so each write adds one.
 */
import { readEnvText } from '../env/document.ts';
import { effectiveEntries } from '../env/entries.ts';
import { joinParts, partsOf, renameParts } from '../env/parts.ts';
import { pathText } from '../env/readers/path.ts';
import type { ParameterRecord } from './versions.ts';

/** Whether a name is that of a path: no parameter's name ends with a slash, every path does here. */
export const isPath = (name: string): boolean => name.endsWith('/');

/** The name of an env of several texts. No parameter's name has a comma in it. */
export const nameOfTexts = (names: readonly string[]): string => names.join(',');

/** The names of its parameters, in their order; `undefined` if an env is none of several texts. */
export const textNamesOf = (name: string): readonly string[] | undefined =>
  name.includes(',') ? name.split(',') : undefined;

export const isSpread = (name: string): boolean => isPath(name) || textNamesOf(name) !== undefined;

/** The name of one parameter of an env below a path, by its key; one of several texts is its own name. */
export const parameterNameOf = (name: string, key: string): string => (isPath(name) ? `${name}${key}` : key);

/**
 * The versions of the parameters of a spread env as one version of it. `undefined` if there is no parameter.
 *
 * @param parameters by key below a path, by name for several texts.
 */
export function envOf(
  name: string,
  parameters: ReadonlyMap<string, ParameterRecord>,
): ParameterRecord | undefined {
  if (parameters.size === 0) return undefined;
  const records = [...parameters.values()];
  const newest = records.reduce((one, other) => (timeOf(other) > timeOf(one) ? other : one));
  return {
    text: textOf(name, parameters),
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

const textOf = (name: string, parameters: ReadonlyMap<string, ParameterRecord>): string =>
  textFrom(
    name,
    new Map(
      [...parameters]
        .filter(([, { unreadable }]) => unreadable === undefined)
        .map(([key, { text }]) => [key, text]),
    ),
  );

function textFrom(name: string, values: ReadonlyMap<string, string>): string {
  const names = textNamesOf(name);
  if (names) return joinParts(names.map((one) => ({ name: one, text: values.get(one) ?? '' })));
  return pathText(values);
}

/**
 * What a text gives to the parameters of a spread env that have no such value yet, by key or name.
 *
 * @param before the text of the env as it is.
 */
export function changedParameters(
  name: string,
  before: string,
  after: string,
): readonly (readonly [key: string, value: string])[] {
  const valuesIn = (text: string) =>
    textNamesOf(name)
      ? (partsOf(text) ?? []).map((part) => [part.name, part.text] as const)
      : [...effectiveEntries(readEnvText(text, 'path')).values()].map(
          ({ key, value }) => [key, value] as const,
        );
  const old = new Map(valuesIn(before));
  // A text that isn't there says as much as an empty one.
  const nothing = isPath(name) ? undefined : '';
  return valuesIn(after).filter(([key, value]) => (old.get(key) ?? nothing) !== value);
}

/**
 * The changes of an incomplete env, in an order that keeps it incomplete until the last of them, as far as there is one:
 * what is cut off before that is found incomplete, and completed. In any other order, what nobody requires might be
 * missing from then on.
 *
 * @param isComplete says it of a text of the env.
 */
export function completedLast(
  name: string,
  current: ParameterRecord | undefined,
  changes: readonly (readonly [key: string, value: string])[],
  isComplete: (text: string) => boolean,
): (readonly [key: string, value: string])[] {
  const values = new Map([...(current?.parameters ?? [])].map(([key, { text }]) => [key, text]));
  if (isComplete(textFrom(name, values))) return [...changes];
  const left = [...changes];
  const ordered: (readonly [key: string, value: string])[] = [];
  for (let isOpen = true; isOpen && left.length > 0; ) {
    const next = left.findIndex((change) => !isComplete(textFrom(name, new Map([...values, change]))));
    isOpen = next !== -1;
    for (const change of isOpen ? left.splice(next, 1) : []) {
      values.set(...change);
      ordered.push(change);
    }
  }
  return [...ordered, ...left];
}

/** A text of one env as one of another: the copy of an env of several texts has names of its own. */
export function inNamesOf(text: string, from: string, to: string): string {
  const [names, others] = [textNamesOf(from), textNamesOf(to)];
  return names && others ? renameParts(text, names, others) : text;
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
 * @param histories of the parameters, by key or name, each oldest first.
 */
export function historyOf(
  name: string,
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
  add(envOf(name, new Map(parameters)));
  for (const [index, change] of changes.entries()) {
    for (const { key, record } of change) parameters.set(key, record);
    if (index < changes.length - maxStates || !change.some(({ isNew }) => isNew)) continue;
    const state = envOf(name, new Map(parameters));
    add(state && { ...state, ...aboutChange(change) });
  }
  // What was written again with the value that it had makes no state, but counts.
  const newest = envOf(name, parameters);
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
