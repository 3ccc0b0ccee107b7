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

/** https://docs.aws.amazon.com/general/latest/gr/ssm.html: a document has 64 KB at most, and more than these in it. */
const maxCommandBytes = 60 * 1024;

export const Deploy = v.strictObject({
  commands: v.pipe(
    v.array(
      v.pipe(
        text,
        v.check((command) => !command.includes('{{'), 'SSM takes {{ }} for one of its own parameters'),
        v.check(
          (command) => command.isWellFormed() && /^(?:\P{Cc}|[\n\t])*$/u.test(command),
          'expected text without control characters; line breaks as \\n alone',
        ),
      ),
    ),
    v.minLength(1, 'expected at least one command'),
    v.check(
      (commands) => Buffer.byteLength(JSON.stringify(commands)) <= maxCommandBytes,
      'expected at most 60 KB, since a document of SSM takes 64 KB: put them into a script on the host',
    ),
  ),
  timeoutSeconds: v.optional(seconds(5, 3600), 900),
  // SSM takes no less than 30.
  deliveryTimeoutSeconds: v.optional(seconds(30, 3600), 60),
});
