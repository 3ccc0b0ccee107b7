/** Histories of a parameter for the tests of the rules. */
import type { ParameterRecord } from '../../workflow/versions.ts';

export const hourMs = 60 * 60 * 1000;
export const dayMs = 24 * hourMs;
/** When the tests of the rules take place. */
export const nowMs = Date.parse('2026-01-10T12:00:00.000Z');

/** A version that was written just now, but for `part`. */
export const versionOf = (
  version: number,
  text: string,
  part: Partial<ParameterRecord> = {},
): ParameterRecord => ({
  version,
  text,
  type: 'SecureString',
  keyId: undefined,
  description: undefined,
  allowedPattern: undefined,
  tier: 'Standard',
  labels: [],
  modifiedAt: new Date(nowMs),
  modifiedBy: 'arn:aws:iam::111122223333:user/operator',
  ...part,
});
