/** Kinds of values that many fields of the state object have. */
import * as v from 'valibot';

export const names = v.array(v.string());
export const timestamp = v.pipe(v.string(), v.isoTimestamp());
export const wholeNumber = v.pipe(v.number(), v.integer(), v.minValue(0));
