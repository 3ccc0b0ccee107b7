/** A command line as a shell and the AWS CLI read it: words, options, and the CLI's shorthand for structures. */

/** The words of a line with double quotes only, in which `\"` is a quote. */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [, quoted, bare] of line.matchAll(/"((?:[^"\\]|\\.)*)"|([^\s"]+)/g))
    words.push(quoted?.replaceAll(/\\(["\\])/g, '$1') ?? bare ?? '');
  return words;
}

/** Options by name, each to be read once; what is left in the end was not understood. */
export class Options {
  readonly #values = new Map<string, readonly string[]>();

  constructor(words: readonly string[]) {
    let name = '';
    for (const word of words) {
      if (word.startsWith('--')) name = word.slice(2);
      const values = this.#values.get(name) ?? [];
      this.#values.set(name, word.startsWith('--') ? values : [...values, word]);
    }
  }

  /** The words after an option. */
  list(name: string): string[] {
    const values = this.#values.get(name);
    if (values === undefined || values.length === 0) throw new Error(`there is no --${name}`);
    this.#values.delete(name);
    return [...values];
  }

  text(name: string): string {
    const [value = '', ...more] = this.list(name);
    if (more.length > 0) throw new Error(`--${name} takes one word, and not also ${more.join(' ')}`);
    return value;
  }

  optional<T>(name: string, read: () => T): T | undefined {
    return this.#values.has(name) ? read() : undefined;
  }

  /** Whether an option is there that takes no word. */
  flag(name: string): boolean {
    const isThere = this.#values.get(name)?.length === 0;
    if (isThere) this.#values.delete(name);
    return isThere;
  }

  /** JSON, or the CLI's shorthand. */
  structure(name: string): unknown {
    const text = this.text(name);
    return text.startsWith('{') || text.startsWith('[{"') ? JSON.parse(text) : readShorthand(text);
  }

  /** @throws Error on options that nobody has read. */
  end(): void {
    if (this.#values.size > 0) throw new Error(`unknown options: ${[...this.#values.keys()].join(', ')}`);
  }
}

/** `Key=value,Other=[{Key=value},…]`, after "Using shorthand syntax" in the user guide of the AWS CLI. */
function readShorthand(text: string): unknown {
  let at = 0;
  const take = (character: string) => {
    if (text[at] !== character) throw new Error(`expected ${character} at ${at} of ${text}`);
    at += 1;
  };
  const word = () => {
    const start = at;
    while (at < text.length && !',=[]{}'.includes(text[at] ?? '')) at += 1;
    return text.slice(start, at);
  };
  const list = (close: string, read: () => void) => {
    if (text[at] !== close) read();
    while (text[at] === ',') {
      at += 1;
      read();
    }
    if (close !== '') take(close);
  };
  const value = (): unknown => {
    if (text[at] === '[') {
      take('[');
      const items: unknown[] = [];
      list(']', () => items.push(value()));
      return items;
    }
    if (text[at] === '{') {
      take('{');
      return fields('}');
    }
    return word();
  };
  const fields = (close: string): unknown => {
    const found: [string, unknown][] = [];
    list(close, () => {
      const key = word();
      take('=');
      found.push([key, value()]);
    });
    return Object.fromEntries(found);
  };
  const read = fields('');
  if (at < text.length) throw new Error(`unexpected ${text[at]} at ${at} of ${text}`);
  return read;
}
