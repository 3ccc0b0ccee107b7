/** The person in front of a command, if there is one. */
import { createInterface } from 'node:readline';
import { type Readable, Writable } from 'node:stream';
import { decodeText, UnreadableText } from './text-file.ts';

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

  /** A question needs both: somebody who types, and a screen that is not a file. */
  get #isInteractive(): boolean {
    return 'isTTY' in this.#input && this.#input.isTTY === true && process.stderr.isTTY === true;
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

  /**
   * A secret from a prompt that doesn't show it, or all of standard input, less one line end.
   *
   * @throws UsageError if there is no way to ask for it unseen; UnreadableText.
   */
  async readSecret(prompt: string): Promise<string> {
    if (this.#isInteractive) return this.#ask(prompt, true);
    if ('isTTY' in this.#input && this.#input.isTTY === true)
      throw new UsageError('standard error is no terminal, so that the value can not be asked for unseen.');
    const parts: Buffer[] = [];
    for await (const part of this.#input) parts.push(Buffer.from(part));
    return decodeInput(Buffer.concat(parts))
      .replace(/^\uFEFF/, '')
      .replace(/\r?\n$/, '');
  }

  /**
   * One line. Ctrl+C, Ctrl+D and the end of the input are an empty answer.
   *
   * @throws UsageError if more comes with the first line of a secret, as when a text of several lines is pasted.
   */
  #ask(prompt: string, silent: boolean): Promise<string> {
    // What is typed is shown by readline itself, and a secret by nobody.
    const shown = new Writable({
      write: (part, _encoding, done) => {
        if (!silent) process.stderr.write(part);
        done();
      },
    });
    const questions = createInterface({ input: this.#input, output: shown, terminal: true, prompt: '' });
    // Only now: with the interface, the terminal has stopped to show what is typed.
    process.stderr.write(prompt);
    const lines: string[] = [];
    return new Promise((resolve, reject) => {
      questions.on('line', (line) => {
        lines.push(line);
        // A paste comes at once; a person's next line doesn't.
        if (lines.length === 1) setTimeout(() => questions.close(), pasteMilliseconds);
      });
      questions.on('SIGINT', () => {
        lines.length = 0;
        questions.close();
      });
      questions.on('close', () => {
        if (silent || lines.length === 0) process.stderr.write('\n');
        const isOneLine = lines.length < 2 && (lines.length === 0 || questions.line === '');
        if (isOneLine) resolve(lines[0] ?? '');
        else if (silent)
          reject(new UsageError('more than one line was pasted; give it through standard input.'));
        else resolve('');
      });
    });
  }
}

const pasteMilliseconds = 50;

/** Bytes that came through a pipe: there is no file to convert. */
function decodeInput(bytes: Uint8Array): string {
  try {
    return decodeText(bytes, 'standard input');
  } catch {
    throw new UnreadableText(
      'standard input is neither UTF-8 nor UTF-16. In Windows PowerShell, set $OutputEncoding = [Text.Encoding]::UTF8 first, or type the value when it is asked for.',
    );
  }
}
