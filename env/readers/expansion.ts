/** References to other variables in a value, as far as the text itself says what they stand for. */

export interface Expansion {
  readonly value: string;
  readonly problem: string | undefined;
}

/** Without the name: in a password with a $ it is a part of the password. */
const unknownName =
  "it refers to a variable that isn't set above it; a $ that is meant literally needs single quotes or an escape";

/** python-dotenv: `${NAME}` and `${NAME:-default}`, and nothing else. */
export function expandBraces(value: string, values: ReadonlyMap<string, string>): Expansion {
  let problem: string | undefined;
  const expanded = value.replaceAll(
    /\$\{([^}:]*)(?::-([^}]*))?\}/g,
    (_whole, name: string, fallback: string | undefined) => {
      const found = values.get(name) ?? fallback;
      if (found === undefined) problem ??= unknownName;
      return found ?? '';
    },
  );
  return { value: expanded, problem };
}

const reference =
  /\$(?:(?<plain>[A-Za-z_]\w*)|\{(?<name>[A-Za-z_]\w*)(?:(?<operator>:?[-+?])(?<word>[^{}$`"'\\]*))?\})/y;

/** One `$NAME`, `${NAME}` or `${NAME:-word}` at an offset, as shells and Compose take it; `undefined` if there is none. */
export function expandReference(
  text: string,
  at: number,
  values: ReadonlyMap<string, string>,
): (Expansion & { readonly end: number }) | undefined {
  reference.lastIndex = at;
  const match = reference.exec(text);
  if (!match) return undefined;
  const { plain, name = plain ?? '', operator, word = '' } = match.groups ?? {};
  const end = at + match[0].length;
  const value = values.get(name);
  // With a colon, an empty value counts as none.
  const isSet = value !== undefined && !(operator?.startsWith(':') && value === '');
  if (operator?.endsWith('+')) return { value: isSet ? word : '', problem: undefined, end };
  if (isSet) return { value, problem: undefined, end };
  if (operator?.endsWith('-')) return { value: word, problem: undefined, end };
  return { value: '', problem: unknownName, end };
}
