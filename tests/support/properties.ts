/** What properties share: how often they are tried, and how what they find is compared. */
import { isDeepStrictEqual } from 'node:util';

/** How often properties are tried: ten times as often by `npm run test:properties`. */
const times = Number(process.env.PROPERTY_RUNS_TIMES ?? 1);

/** @param count how many runs a property gets by default. */
export const runs = (count = 1000) => ({ numRuns: count * times });

/** As `expect(found).toEqual(wanted)`, which takes as long as all else in a property together. */
export function expectEqual<T>(found: T, wanted: T): void {
  if (!isDeepStrictEqual(found, wanted)) expect(found).toEqual(wanted);
}
