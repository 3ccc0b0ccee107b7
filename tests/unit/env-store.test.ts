/** A target's env in the sandbox's Parameter Store, in one parameter, in several, and below a path. */
import { readEnvText } from '../../env/document.ts';
import { valuesOf } from '../../env/entries.ts';
import type { EnvReader } from '../../env/readers/readers.ts';
import { putEnv, sharedOut, textOfEnv, textsEver, versionOfEnv } from '../../sandbox/env-store.ts';
import { textOf } from '../../sandbox/seed/made-up-env.ts';
import { ParameterStore } from '../../sandbox/services/ssm.ts';

const values = new Map([
  ['A', '1'],
  ['B', '2'],
  ['C', '3'],
]);

describe.each<[string, EnvReader]>([
  ['/app/env', 'dotenv'],
  ['/app/common,/app/api', 'dotenv'],
  ['/app/prod/', 'path'],
])('the env %s', (name, reader) => {
  let store: ParameterStore;
  const put = (some: ReadonlyMap<string, string>) =>
    putEnv(store, name, sharedOut(name, textOf(some, reader)));
  const valuesNow = () => valuesOf(textOfEnv(store, name), reader);
  beforeEach(() => {
    store = new ParameterStore();
    store.put({ Name: '/app/other', Value: 'OTHER=1', Type: 'SecureString' });
    store.put({ Name: '/app/prod/deeper/KEY', Value: 'OTHER', Type: 'SecureString' });
  });

  it('is nothing before it is written', () => {
    expect([valuesNow(), versionOfEnv(store, name)]).toEqual([new Map(), 0]);
  });

  it('is what was written, and nothing of another', () => {
    put(values);
    expect(valuesNow()).toEqual(values);
    expect(readEnvText(textOfEnv(store, name), reader).flaws).toEqual([]);
  });

  it('is the new text alone after it was overwritten', () => {
    put(values);
    put(new Map([['B', '2']]));
    expect(valuesNow()).toEqual(new Map([['B', '2']]));
    expect(store.names()).toEqual(expect.arrayContaining(['/app/other', '/app/prod/deeper/KEY']));
  });

  it('has another version after each change, and none after a write that changes nothing', () => {
    put(values);
    const before = versionOfEnv(store, name);
    put(values);
    expect(versionOfEnv(store, name)).toBe(before);
    put(new Map([...values, ['C', '4']]));
    expect(versionOfEnv(store, name)).toBe(before + 1);
  });

  it('keeps in mind what its parameters have held', () => {
    put(values);
    put(new Map([...values, ['C', '4']]));
    const held = textsEver(store, name).flatMap((text) => [...valuesOf(text, reader).values()]);
    expect(held).toEqual(expect.arrayContaining(['1', '2', '3', '4']));
  });
});
