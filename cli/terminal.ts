/** The person in front of a command, if there is one. */
import type { Readable } from 'node:stream';
import { read } from 'read';
import { decodeText } from './text-file.ts';

/** The command can't be carried out as it was given: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface TerminalOptions {
  readonly json?: boolean;
  readonly yes?: boolean;
}

export class Terminal {
  readonly #options: TerminalOptions;
  readonly #input: NodeJS.ReadStream | Readable;

  constructor(options: TerminalOptions, input: NodeJS.ReadStream | Readable = process.stdin) {
    this.#options = options;
    this.#input = input;
  }

  get #isInteractive(): boolean {
    return 'isTTY' in this.#input && this.#input.isTTY === true;
  }

  /** A line for a person. With `--json`, standard output is for the report alone. */
  print(line = ''): void {
    (this.#options.json ? process.stderr : process.stdout).write(`${line}\n`);
  }

  /**
   * Asks before something is changed; `--yes` has answered already. Anything but yes is no.
   *
   * @throws UsageError if there is nobody to ask.
   */
  async confirm(question: string): Promise<boolean> {
    if (this.#options.yes) return true;
    if (!this.#isInteractive)
      throw new UsageError(
        `${question} There is no terminal to ask on: say --yes to go on without a question.`,
      );
    const answer = await this.#ask(`${question} [y/N] `, false);
    return /^y(es)?$/i.test(answer.trim());
  }

  /** A secret from a prompt that doesn't show it, or all of standard input, less one line end. */
  async readSecret(prompt: string): Promise<string> {
    if (this.#isInteractive) return this.#ask(prompt, true);
    const parts: Buffer[] = [];
    for await (const part of this.#input) parts.push(Buffer.from(part));
    return decodeText(Buffer.concat(parts), 'standard input')
      .replace(/^\uFEFF/, '')
      .replace(/\r?\n$/, '');
  }

  /** Ctrl+C and the end of the input are an empty answer. */
  async #ask(prompt: string, silent: boolean): Promise<string> {
    try {
      const answer = await read({ prompt, silent, input: this.#input, output: process.stderr });
      if (silent) process.stderr.write('\n');
      return answer;
    } catch {
      process.stderr.write('\n');
      return '';
    }
  }
}
