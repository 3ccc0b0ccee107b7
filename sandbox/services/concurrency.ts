/** How many invocations of a function may run at once, and which ones wait until another one ends. */
export class Concurrency {
  readonly #limit: number;
  #running = 0;
  readonly #waiting: ((isIn: boolean) => void)[] = [];

  /** @param limit the function's reserved concurrency. */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  /** @returns false if as many run as are allowed. */
  tryEnter(): boolean {
    if (this.#running >= this.#limit) return false;
    this.#running += 1;
    return true;
  }

  /** Waits until there is room; false if there won't be any. */
  async enter(): Promise<boolean> {
    return this.tryEnter() || new Promise<boolean>((resolve) => this.#waiting.push(resolve));
  }

  /** The one that has waited longest takes the place. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next) next(true);
    else this.#running -= 1;
  }

  /** Turns away all that wait. */
  close(): void {
    for (const resolve of this.#waiting.splice(0)) resolve(false);
  }
}
