/** A whole run after keys were lost that the contract does not name. */
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { knownGoodLabel } from '../../workflow/versions.ts';
import { without } from '../support/academy-env.ts';
import { checkInvariants, openRun, outputOf, type WholeRun } from '../support/whole-run.ts';

let whole: WholeRun;
let sandbox: Sandbox;
beforeAll(async () => {
  whole = await openRun('healthy');
  ({ sandbox } = whole);
});
afterAll(() => whole.close());

describe('a loss of four keys that the contract does not name', () => {
  const unnamed = ['DB_PORT', 'GUNICORN_WORKERS', 'R2_ACCESS_KEY_ID', 'SECRET_KEY'];
  const knownVersion = () => sandbox.parameters.get(`${sandbox.parameterName}:${knownGoodLabel}`).Version;

  it('is told by name and once, and neither a deploy nor a look moves label or backup to it', async () => {
    const { Value: good } = sandbox.parameters.get(sandbox.parameterName);
    whole.overwrite(without(unnamed, good));
    const lost = { outcome: 'KeysLost', version: 3, backup: null, loss: { hiddenCount: 0 } };
    for (const _look of ['first', 'second'])
      expect(outputOf(await whole.run())).toMatchObject({ outcome: 'Healthy', knownGood: lost });
    expect(sandbox.topics.messages).toMatchObject([{ message: expect.stringContaining('lost 4 keys') }]);
    for (const key of unnamed) expect(sandbox.topics.messages[0]?.message).toContain(key);
    const deployed = outputOf(await whole.run('{"deploy":"always"}'));
    expect(deployed).toMatchObject({ outcome: 'Recovered', knownGood: lost });
    expect(sandbox.host.starts()).toBe(2);
    expect(knownVersion()).toBe(2);
    expect(sandbox.backups.get(sandbox.backupParameterName)).toMatchObject({ Version: 1, Value: good });
  });

  it('is undone by the restore after the next wipe', async () => {
    whole.overwrite(whole.seed.versions.at(-1)?.match(/^LAMBDA_INTERNAL_API_KEY=.*\n/m)?.[0] ?? '');
    expect(outputOf(await whole.run('{"force":true}'))).toMatchObject({
      outcome: 'Recovered',
      env: { keyCountBefore: 1, keyCountAfter: 13, restoredKeys: expect.arrayContaining(unnamed) },
      knownGood: { outcome: 'Marked', version: 5 },
    });
    expect(knownVersion()).toBe(5);
    checkInvariants(whole);
  });
});
