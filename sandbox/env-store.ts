/** A target's env in Parameter Store, as one text, whether it is in one parameter, in several, or below a path. */
import { readEnvText } from '../env/document.ts';
import { effectiveEntries } from '../env/entries.ts';
import { joinParts, partsOf } from '../env/parts.ts';
import { pathText } from '../env/readers/path.ts';
import { isPath, parameterNameOf, textNamesOf } from '../workflow/spread-env.ts';
import type { ParameterStore } from './services/ssm.ts';

/** The names of the parameters that are there. */
const namesOf = (store: ParameterStore, name: string): string[] => {
  const isOfEnv = (one: string) =>
    isPath(name)
      ? one.startsWith(name) && !one.slice(name.length).includes('/')
      : (textNamesOf(name) ?? [name]).includes(one);
  return store.names().filter(isOfEnv);
};

/** The version of the env: of several parameters, the sum of theirs. */
export const versionOfEnv = (store: ParameterStore, name: string): number =>
  namesOf(store, name).reduce((sum, one) => sum + store.get(one).Version, 0);

/** Empty if there is none. */
export function textOfEnv(store: ParameterStore, name: string): string {
  const there = namesOf(store, name);
  if (isPath(name))
    return pathText(there.map((one) => [one.slice(name.length), store.get(one).Value] as const));
  const texts = textNamesOf(name);
  const heldBy = (one: string) => (there.includes(one) ? store.get(one).Value : '');
  return texts ? joinParts(texts.map((one) => ({ name: one, text: heldBy(one) }))) : heldBy(name);
}

/** Everything that its parameters have ever held, as texts. */
export function textsEver(store: ParameterStore, name: string): string[] {
  return namesOf(store, name).flatMap((one) =>
    store
      .history(one)
      .map(({ Value }) => (isPath(name) ? pathText([[one.slice(name.length), Value]]) : Value)),
  );
}

/** What somebody's script makes of the env: another text. Below a path, what the text lacks is deleted. */
export function putEnv(store: ParameterStore, name: string, text: string): void {
  const parts = partsOfEnv(name, text);
  for (const one of namesOf(store, name)) if (!parts.has(one)) store.delete(one);
  for (const [Name, Value] of parts) {
    if (namesOf(store, name).includes(Name) && store.get(Name).Value === Value) continue;
    store.put({
      Name,
      Value,
      Type: 'SecureString',
      Description: 'Environment of the API',
      Overwrite: true,
      Tier: 'Intelligent-Tiering',
    });
  }
}

/** What a parameter of several holds of which nothing is left: Parameter Store takes no empty value. */
const nothing = '# nothing\n';

/** The values of the parameters by name. */
function partsOfEnv(name: string, text: string): ReadonlyMap<string, string> {
  if (isPath(name))
    return new Map(
      [...effectiveEntries(readEnvText(text, 'path')).values()].map(({ key, value }) => [
        parameterNameOf(name, key),
        value,
      ]),
    );
  const names = textNamesOf(name);
  const held = new Map(partsOf(text)?.map((part) => [part.name, part.text]));
  return new Map(names ? names.map((one) => [one, held.get(one) || nothing]) : [[name, text]]);
}

/** The text of one as that of the several that the name stands for: its lines, shared out by turns. */
export function sharedOut(name: string, text: string): string {
  const names = textNamesOf(name);
  if (!names) return text;
  const lines = text.split(/(?<=\n)/);
  return joinParts(
    names.map((one, place) => ({
      name: one,
      text: lines.filter((_line, index) => index % names.length === place).join(''),
    })),
  );
}
