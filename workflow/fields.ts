/** Kinds of values that stand in many places of the state object. */
import * as v from 'valibot';

export const names = v.array(v.string());
export const timestamp = v.pipe(v.string(), v.isoTimestamp());
export const wholeNumber = v.pipe(v.number(), v.integer(), v.minValue(0));
