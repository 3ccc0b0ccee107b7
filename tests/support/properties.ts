/** What properties share: how often they are tried, and how what they find is compared. */
import { isDeepStrictEqual } from 'node:util';

/**
 * How often a property is tried: `count` times, or as `npm run test:properties` says.
 *
 * @param count what is tried with each reader needs less: all of them together come to thousands.
 */
export const runs = (count = 1000) => ({ numRuns: Number(process.env.PROPERTY_RUNS ?? count) });

/** As `expect(found).toEqual(wanted)`, which takes as long as all else in a property together. */
export function expectEqual<T>(found: T, wanted: T): void {
  if (!isDeepStrictEqual(found, wanted)) expect(found).toEqual(wanted);
}
