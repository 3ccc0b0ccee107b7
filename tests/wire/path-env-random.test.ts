/** An env of one parameter for each key, restored while others write it and tries are cut off, at random. */
import fc from 'fast-check';
import { AwsError } from '../../sandbox/endpoint.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { complete, copyPath, pathEnvOn } from '../support/path-env.ts';
import { runs } from '../support/properties.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

const { put, remove, values, find, restore } = pathEnvOn(() => aws);
const denied = () => new AwsError('AccessDeniedException', '');

describe('UploadEnv of an env below a path', () => {
  it('never leaves a key out, whoever writes meanwhile and wherever it is cut off, and ends complete', async () => {
    const key = fc.constantFrom('DB_HOST', 'DB_PASSWORD', 'R2_KEY', 'OTHER', 'MORE');
    const before = { ...complete, OTHER: 'o', MORE: 'm' };
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { minLength: 1 }),
        fc.uniqueArray(key),
        fc.option(fc.record({ key, callsOn: fc.integer({ min: 1, max: 12 }) }), { nil: undefined }),
        fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
        async (blanked, deleted, theirs, cutAt) => {
          await aws.close();
          aws = await openAws();
          put(before);
          put(before, copyPath);
          put(Object.fromEntries(blanked.map((name) => [name, ' '])));
          for (const name of deleted) remove(name);
          const env = await find();
          const keysBefore = Object.keys(values());
          if (theirs)
            aws.meanwhile('GetParameterHistory', () => put({ [theirs.key]: 'theirs' }), theirs.callsOn);
          if (cutAt !== undefined)
            // Right after a write: the read of what it has written fails.
            aws.meanwhile('PutParameter', () => aws.fail('GetParameter', denied()), cutAt);
          if (env.complete) return;
          await restore(env).catch(() => undefined);
          const left = values();
          for (const name of keysBefore) expect(Object.keys(left)).toContain(name);
          // Nothing is in the way any more.
          aws.endpoint.injectFault = () => undefined;
          await restore(env);
          const { DB_HOST, DB_PASSWORD, R2_KEY } = values();
          for (const value of [DB_HOST, DB_PASSWORD, R2_KEY]) expect(value?.trim()).toBeTruthy();
          const ended = values();
          if (theirs && Object.hasOwn(left, theirs.key) && left[theirs.key] === 'theirs')
            expect(ended[theirs.key]).toBe('theirs');
        },
      ),
      { numRuns: Math.min(runs(25).numRuns, 200) },
    );
  });
});
