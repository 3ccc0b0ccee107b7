/** The versions of a parameter, as its history shows them. */
import { RecoveryError } from './recovery-error.ts';
import { oneLine } from './words.ts';

/** Marks the version with which the API was last seen to answer and, if the target has one, the metric to count. */
export const knownGoodLabel = 'known-good';
/** Marks the version that may lack what it lacks: a person has dropped those keys by name, or has accepted their loss. */
export const lossAcceptedLabel = 'loss-accepted';
/** These may be moved, and taken off a version that is in the way of a write. */
export type OwnLabel = typeof knownGoodLabel | typeof lossAcceptedLabel;
export const ownLabels: readonly OwnLabel[] = [knownGoodLabel, lossAcceptedLabel];

/** As SSM names them. */
export type ParameterTier = 'Standard' | 'Advanced' | 'Intelligent-Tiering';

/** One version of a parameter. `text` is secret. */
export interface ParameterVersion {
  readonly text: string;
  readonly version: number;
  readonly type: string;
  readonly modifiedAt: Date | undefined;
}

/** A version with what its history says about it, and with what `PutParameter` clears unless it is passed again. */
export interface ParameterRecord extends ParameterVersion {
  readonly keyId: string | undefined;
  readonly description: string | undefined;
  readonly allowedPattern: string | undefined;
  readonly tier: ParameterTier | undefined;
  readonly labels: readonly string[];
  /** The ARN of whoever wrote it; AWS always tells it. */
  readonly modifiedBy: string | undefined;
  /** The name of the error for which SSM can't decrypt it: its text is then not known, and empty here. */
  readonly unreadable?: string;
  /** Of an env that has a parameter for each key (path-env.ts): the parameters by key. */
  readonly parameters?: ReadonlyMap<string, ParameterRecord>;
}

/** Those versions of a history that can't be decrypted, each in a few words. */
export function unreadableNotes(history: readonly ParameterRecord[]): string[] {
  return history.flatMap(({ version, unreadable, keyId }) =>
    unreadable === undefined
      ? []
      : [
          `version ${version} can't be decrypted (${unreadable}${keyId === undefined ? '' : `, key ${keyId}`})`,
        ],
  );
}

/** What the rules about lost keys go by. */
export type LabelledVersion = ParameterVersion &
  Pick<ParameterRecord, 'labels'> & {
    /** Why its text isn't known; `undefined` if it is. */
    readonly unreadable?: string | undefined;
  };

/** A version that a run knows to exist, because it has read or written it. */
export interface KnownVersion {
  /** 0 if there was no parameter. */
  readonly version: number;
  /** ISO timestamp; `null` if it isn't known. */
  readonly modifiedAt: string | null;
}

/** @param version `undefined` if there was no parameter. */
export const knownAs = (version: ParameterVersion | undefined): KnownVersion => ({
  version: version?.version ?? 0,
  modifiedAt: version?.modifiedAt?.toISOString() ?? null,
});

/**
 * Whether what was read is older than what is known: reads of Parameter Store may lag behind a write. A lower version
 * that was written later is no older one, but the first of a parameter that was deleted and made again.
 */
export function isOlder(
  found: Pick<ParameterVersion, 'version' | 'modifiedAt'> | undefined,
  known: KnownVersion,
): boolean {
  if ((found?.version ?? 0) >= known.version) return false;
  const knownMs = known.modifiedAt === null ? Number.POSITIVE_INFINITY : Date.parse(known.modifiedAt);
  return (found?.modifiedAt?.getTime() ?? 0) <= knownMs;
}

/** Which version there is instead of the one that the run has seen, and who wrote it. */
export function describeNewer(record: ParameterRecord | undefined): string {
  if (record === undefined) return 'it was deleted';
  const by = record.modifiedBy === undefined ? '' : ` by ${oneLine(record.modifiedBy)}`;
  const at = record.modifiedAt === undefined ? '' : ` at ${record.modifiedAt.toISOString()}`;
  return `version ${record.version} was written${by}${at}`;
}

/**
 * The newest version isn't the one that the run has worked with, and it is incomplete. If it was there before the run
 * started, nobody is to blame: the run's reads lagged. Nor can anybody tell since when a parameter is gone.
 *
 * @param record `undefined` if the parameter was deleted.
 * @param startedAt of the run, as an ISO timestamp; `undefined` if it has written or deployed a version since.
 * @param outcome what is incomplete, and what that means, as the end of a sentence.
 * @param seenVersion the one that the run has worked with. Below a path, a lower sum means that a parameter is gone.
 */
export function newerIsIncomplete(
  parameterName: string,
  record: ParameterRecord | undefined,
  startedAt: string | undefined,
  outcome: string,
  seenVersion = 0,
): RecoveryError {
  const isOneGone = record?.parameters !== undefined && record.version < seenVersion;
  const modifiedMs = record && !isOneGone ? (record.modifiedAt?.getTime() ?? Number.POSITIVE_INFINITY) : 0;
  return new RecoveryError(
    modifiedMs <= Date.parse(startedAt ?? '') ? 'EnvOverlooked' : 'EnvReplaced',
    `parameter ${parameterName}: ${isOneGone ? 'a parameter was deleted' : describeNewer(record)}, and it is incomplete ${outcome}`,
  );
}

/** A version that has stood for this long has been deployed and used, labelled or not. */
const settledAfterMs = 24 * 60 * 60 * 1000;

/** Whether a version stood for a day, until the next one was written or until now. */
export function isSettled(
  record: ParameterRecord,
  history: readonly ParameterRecord[],
  nowMs: number,
): boolean {
  const next = history.find(({ version }) => version > record.version);
  const endMs = next ? next.modifiedAt?.getTime() : nowMs;
  return (endMs ?? 0) - (record.modifiedAt?.getTime() ?? Number.POSITIVE_INFINITY) >= settledAfterMs;
}
