/** `instances` and `deploy` of a target. */
import * as v from 'valibot';
import { instanceIds, instanceTag, seconds, text } from './fields.ts';

export const Instances = v.pipe(
  v.strictObject({
    ids: v.optional(instanceIds),
    tag: v.optional(instanceTag),
  }),
  v.check(({ ids, tag }) => (ids === undefined) !== (tag === undefined), 'expected either ids or tag'),
);

export const Deploy = v.strictObject({
  commands: v.pipe(
    v.array(
      v.pipe(
        text,
        v.check((command) => !command.includes('{{'), 'SSM takes {{ }} for one of its own parameters'),
      ),
    ),
    v.minLength(1, 'expected at least one command'),
  ),
  timeoutSeconds: v.optional(seconds(5, 3600), 900),
  // SSM takes no less than 30.
  deliveryTimeoutSeconds: v.optional(seconds(30, 3600), 60),
});
