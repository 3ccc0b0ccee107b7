/** `endpoint` of a target: the API that is asked. */
import * as v from 'valibot';
import { hostHeader, httpUrl } from './addresses.ts';
import { envKey, seconds, text } from './fields.ts';

export const Endpoint = v.strictObject({
  url: httpUrl,
  host: v.optional(hostHeader),
  internalKey: envKey,
  backlogPath: text,
  requestTimeoutSeconds: v.optional(seconds(1, 30), 10),
  healthyWithinSeconds: v.optional(seconds(1, 120), 90),
});
