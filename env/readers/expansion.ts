/** References to other variables in a value, as far as the text itself says what they stand for. */
import { type FlawKind, flawKinds } from './flaws.ts';
import type { LookUp } from './reading.ts';

export interface Expansion {
  readonly value: string;
  readonly problem: FlawKind | undefined;
}

/** The variables that a reader knows at a place in the text, and what references to them may still bring in. */
export class Scope {
  readonly #values = new Map<string, string | undefined>();
  readonly #untold = new Set<string>();
  readonly #lookUp: LookUp;
  /** Names without a value that something refers to. */
  readonly missed = new Set<string>();
  /** Characters, for the text as a whole: lines that refer to the line above twice double it each time. */
  #room = 128 * 1024;

  constructor(lookUp: LookUp = () => undefined) {
    this.#lookUp = lookUp;
  }

  /** Whether the text has set a value above. */
  has(name: string): boolean {
    return this.#values.get(name) !== undefined;
  }

  /** @param problem what is wrong with the value, if anything. */
  set(name: string, value: string, problem: FlawKind | undefined): void {
    this.#values.set(name, value);
    if (problem?.isUntold) this.#untold.add(name);
    else this.#untold.delete(name);
  }

  /** A name that is there and has no value, for which no default stands in. */
  setToNothing(name: string): void {
    this.#values.set(name, undefined);
  }

  /** @returns `problem` if the variable isn't set, with no value, or if its value is too much or not told. */
  expand(name: string): Expansion & { readonly isSet: boolean } {
    const isNothing = this.#values.has(name) && !this.has(name);
    const value = isNothing ? undefined : (this.#values.get(name) ?? this.#lookUp(name));
    if (isNothing) this.missed.add(name);
    if (value === undefined) return { value: '', isSet: isNothing, problem: flawKinds.unknownName };
    if (value.length > this.#room) return { value: '', isSet: true, problem: flawKinds.tooLong };
    this.#room -= value.length;
    return { value, isSet: true, problem: this.#untold.has(name) ? flawKinds.untoldReference : undefined };
  }
}

/** python-dotenv: `${NAME}` and `${NAME:-default}`, and nothing else. */
export function expandBraces(spelled: string, scope: Scope): Expansion {
  let value = '';
  let problem: FlawKind | undefined;
  let done = 0;
  for (let at = spelled.indexOf('${'); at !== -1; at = spelled.indexOf('${', at)) {
    const reference = bracesAt(spelled, at);
    if (reference === 'none') {
      at += 2;
      continue;
    }
    if (reference === undefined) break;
    const found = scope.expand(reference.name);
    value += spelled.slice(done, at);
    if (found.isSet || reference.fallback === undefined) {
      value += found.value;
      problem = worse(problem, found.problem);
    } else {
      value += reference.fallback;
    }
    at = reference.end;
    done = at;
  }
  return { value: value + spelled.slice(done), problem };
}

/** `undefined` if no brace closes from there on, 'none' if this one opens no reference. */
function bracesAt(spelled: string, at: number) {
  const close = spelled.indexOf('}', at);
  if (close === -1) return undefined;
  const inner = spelled.slice(at + 2, close);
  const colon = inner.indexOf(':');
  if (colon === -1) return { name: inner, fallback: undefined, end: close + 1 };
  if (inner[colon + 1] !== '-') return 'none';
  return { name: inner.slice(0, colon), fallback: inner.slice(colon + 2), end: close + 1 };
}

/** The hard one of two, or else the one that leaves the value untold, or else the first. */
export function worse(one: FlawKind | undefined, other: FlawKind | undefined): FlawKind | undefined {
  return weight(other) > weight(one) ? other : one;
}

function weight(kind: FlawKind | undefined): number {
  if (!kind) return 0;
  return kind.isHard ? 3 : kind.isUntold ? 2 : 1;
}

const reference =
  /\$(?:(?<plain>[A-Za-z_]\w*)|\{(?<name>[A-Za-z_]\w*)(?:(?<operator>:?[-+?])(?<word>[^{}$`"'\\]*))?\})/y;

/** One `$NAME`, `${NAME}` or `${NAME:-word}` at an offset, as shells and Compose take it; `undefined` if there is none. */
export function expandReference(
  text: string,
  at: number,
  scope: Scope,
): (Expansion & { readonly name: string; readonly end: number }) | undefined {
  reference.lastIndex = at;
  const match = reference.exec(text);
  if (!match) return undefined;
  const { plain, name = plain ?? '', operator, word = '' } = match.groups ?? {};
  const end = at + match[0].length;
  const found = scope.expand(name);
  // With a colon, an empty value counts as none.
  const isSet = found.isSet && !(operator?.startsWith(':') && found.value === '' && !found.problem);
  if (operator?.endsWith('+')) {
    const problem = operator.startsWith(':') && found.problem?.isUntold ? found.problem : undefined;
    return { name, value: isSet ? word : '', problem, end };
  }
  if (isSet) return { name, value: found.value, problem: found.problem, end };
  if (operator?.endsWith('-')) return { name, value: word, problem: undefined, end };
  return { name, value: '', problem: operator ? flawKinds.requiredName : flawKinds.unknownName, end };
}
