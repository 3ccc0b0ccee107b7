/** The tokens of tasks that wait for an answer. */
import { randomBytes } from 'node:crypto';
import { AwsError } from '../endpoint.ts';

export type TaskAnswer =
  | { readonly output: string }
  | { readonly error: string; readonly cause: string | undefined };

export class TaskTokens {
  readonly #waiting = new Map<string, (answer: TaskAnswer) => void>();
  readonly #closed = new Set<string>();

  /** Base64 like AWS's own, which is even longer. */
  make(): string {
    return randomBytes(96).toString('base64');
  }

  /** Resolves when somebody answers with the token. */
  wait(token: string): Promise<TaskAnswer> {
    return new Promise((resolve) => this.#waiting.set(token, resolve));
  }

  /** The task has ended: an answer now comes too late. */
  close(token: string): void {
    if (this.#waiting.delete(token)) this.#closed.add(token);
  }

  /** @throws AwsError InvalidToken, or TaskTimedOut if the task has ended. */
  answer(token: string, answer: TaskAnswer): void {
    const resolve = this.#find(token);
    this.close(token);
    resolve(answer);
  }

  /** @throws AwsError as `answer`. */
  heartbeat(token: string): void {
    this.#find(token);
  }

  #find(token: string): (answer: TaskAnswer) => void {
    const resolve = this.#waiting.get(token);
    if (resolve) return resolve;
    if (this.#closed.has(token))
      throw new AwsError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
    throw new AwsError('InvalidToken', "Invalid Token: 'Invalid token'");
  }
}
