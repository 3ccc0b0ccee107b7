/** `notify` and `stack` of a target: who is told, and what holds for all resources. */
import * as v from 'valibot';
import { Subscription } from './addresses.ts';
import { keyArn, policyArn, tags } from './fields.ts';

export const Notify = v.optional(
  v.strictObject({
    subscriptions: v.optional(v.array(Subscription), []),
  }),
  {},
);

export const Stack = v.optional(
  v.strictObject({
    kmsKeyArn: v.optional(keyArn),
    permissionsBoundaryArn: v.optional(policyArn),
    tags: v.optional(tags, {}),
    reserveConcurrency: v.optional(v.boolean(), true),
  }),
  {},
);
