/** The person who runs a command, if there is one. */
import { createInterface } from 'node:readline';
import { type Readable, Writable } from 'node:stream';
import { decodeText, UnreadableText } from '../env/decode-text.ts';
import { UsageError } from './failure.ts';

/** The program's environment variables and streams. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
  readonly errorOutput: Writable & { readonly isTTY?: boolean };
}

/** Where a command works that belongs to no target. */
export interface Desk {
  readonly terminal: Terminal;
  readonly environment: Surroundings['environment'];
}

export interface TerminalOptions {
  readonly json?: boolean | undefined;
  readonly yes?: boolean | undefined;
}

export class Terminal {
  readonly #options: TerminalOptions;
  readonly #input: Surroundings['input'];
  readonly #output: Surroundings['output'];
  readonly #errorOutput: Surroundings['errorOutput'];

  constructor(options: TerminalOptions, { input, output, errorOutput }: Omit<Surroundings, 'environment'>) {
    this.#options = options;
    this.#input = input;
    this.#output = output;
    this.#errorOutput = errorOutput;
  }

  /** A question needs somebody who types, and a screen to show it on. */
  get isInteractive(): boolean {
    return this.#input.isTTY === true && this.#errorOutput.isTTY === true;
  }

  /** A line for a person. With `--json`, standard output is only for the report. */
  print(line = ''): void {
    (this.#options.json ? this.#errorOutput : this.#output).write(`${line}\n`);
  }

  /** A line that says why a command doesn't do what it was asked to do. */
  warn(line: string): void {
    this.#errorOutput.write(`${line}\n`);
  }

  /**
   * Asks before something is changed, unless `--yes` has answered already. Anything but yes is no.
   *
   * @throws UsageError if there is nobody to ask.
   */
  async confirm(question: string): Promise<boolean> {
    if (this.#options.yes) return true;
    if (!this.isInteractive)
      throw new UsageError(
        `${question} There is no terminal to ask on: give --yes to go on without being asked.`,
      );
    const answer = await this.#ask(`${question} [y/N] `, false);
    return /^y(es)?$/i.test(answer?.trim() ?? '');
  }

  /** A line from somebody who is there to be asked; `undefined` if nobody is, or wants to say. */
  async ask(question: string): Promise<string | undefined> {
    return this.isInteractive ? (await this.#ask(question, false))?.trim() : undefined;
  }

  /** Has somebody type a name, as a word that nobody types by mistake. No option answers this. */
  async confirmByName(question: string, name: string): Promise<boolean> {
    return (await this.#ask(`${question} `, false))?.trim() === name;
  }

  /**
   * A secret that only a person can give: a pipe holds something else. `undefined` as for `readSecret`.
   *
   * @throws UsageError if more than one line was pasted.
   */
  askSecret(prompt: string): Promise<string | undefined> {
    return this.#ask(prompt, true);
  }

  /**
   * A secret from a prompt that doesn't show it, or all of standard input without its last line end. `undefined` if
   * the person left the prompt with Ctrl+C or Ctrl+D.
   *
   * @throws UsageError if there is no way to ask for it without showing it; UnreadableText.
   */
  async readSecret(prompt: string): Promise<string | undefined> {
    if (this.isInteractive) return this.askSecret(prompt);
    if (this.#input.isTTY === true)
      throw new UsageError(
        'standard error is not a terminal, so the value cannot be asked for without showing it. Pipe it in, or leave standard error alone.',
      );
    const parts: Buffer[] = [];
    for await (const part of this.#input) parts.push(Buffer.from(part));
    return decodeInput(Buffer.concat(parts))
      .replace(/^\uFEFF/, '')
      .replace(/\r?\n$/, '');
  }

  /**
   * One line; `undefined` after Ctrl+C, Ctrl+D or the end of the input.
   *
   * @throws UsageError if a secret comes with more lines, as when a text of several lines is pasted.
   */
  #ask(prompt: string, silent: boolean): Promise<string | undefined> {
    // Readline shows what is typed, but a secret must not be shown at all.
    const shown = new Writable({
      write: (part, _encoding, done) => {
        if (!silent) this.#errorOutput.write(part);
        done();
      },
    });
    const questions = createInterface({ input: this.#input, output: shown, terminal: true, prompt: '' });
    // Not earlier: only once the interface is open has the terminal stopped showing what is typed.
    this.#errorOutput.write(prompt);
    const lines: string[] = [];
    return new Promise((resolve, reject) => {
      questions.on('line', (line) => {
        lines.push(line);
        // Pasted lines come all at once; a person's next line doesn't.
        if (lines.length === 1) setTimeout(() => questions.close(), pasteMilliseconds);
      });
      questions.on('SIGINT', () => {
        lines.length = 0;
        questions.close();
      });
      questions.on('close', () => {
        if (silent || lines.length === 0) this.#errorOutput.write('\n');
        const isOneLine = lines.length < 2 && (lines.length === 0 || questions.line === '');
        if (isOneLine) resolve(lines[0]);
        else if (silent)
          reject(new UsageError('more than one line was pasted; give it through standard input.'));
        else resolve(undefined);
      });
      // The end of an input is told once, and that may have been before the question.
      if (this.#input.readableEnded || this.#input.destroyed) questions.close();
    });
  }
}

const pasteMilliseconds = 50;

/** Bytes from a pipe, where there is no file to convert. */
function decodeInput(bytes: Uint8Array): string {
  try {
    return decodeText(bytes, 'standard input');
  } catch {
    throw new UnreadableText(
      'standard input is neither UTF-8 nor UTF-16. In Windows PowerShell, set $OutputEncoding = [Text.Encoding]::UTF8 first, or type the value when it is asked for.',
    );
  }
}
