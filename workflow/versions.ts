/** The versions of a parameter, as its history shows them. */

/** Marks the version with which the API was last seen to answer and the metric to count. */
export const knownGoodLabel = 'known-good';

/** As SSM names them. */
export type ParameterTier = 'Standard' | 'Advanced' | 'Intelligent-Tiering';

/** One version of a parameter. `text` is secret. */
export interface ParameterVersion {
  readonly text: string;
  readonly version: number;
  readonly type: string;
}

/** A version with what its history says about it, and with what `PutParameter` clears unless it is passed again. */
export interface ParameterRecord extends ParameterVersion {
  readonly keyId: string | undefined;
  readonly description: string | undefined;
  readonly allowedPattern: string | undefined;
  readonly tier: ParameterTier | undefined;
  readonly labels: readonly string[];
  readonly modifiedAt: Date | undefined;
  /** The ARN of whoever wrote it; AWS always tells it. */
  readonly modifiedBy: string | undefined;
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
