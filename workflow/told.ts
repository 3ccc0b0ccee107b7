/** Of what a person has been told, so that nobody is told the same again and again. */
import type { Ending } from './pauses.ts';

/** Once a night is enough. */
const quietMs = 8 * 3_600_000;

export const endingsTold = (endings: readonly Ending[]): Ending[] => endings.filter(({ told }) => told);

/** @param isSuch of an ending, whether what was told of it is the same as what is to be told. */
export function isToldLately(
  endings: readonly Ending[],
  nowMs: number,
  isSuch: (ending: Ending) => boolean,
): boolean {
  return endingsTold(endings).some(
    (ending) => isSuch(ending) && Date.parse(ending.endedAt) > nowMs - quietMs,
  );
}
