/** How many invocations of a function may run at once, and who waits for one of them to end. */
export class Concurrency {
  readonly #limit: number;
  #running = 0;
  readonly #waiting: ((isIn: boolean) => void)[] = [];

  /** @param limit as reserved for the function. */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  /** @returns false if as many run as may. */
  tryEnter(): boolean {
    if (this.#running >= this.#limit) return false;
    this.#running += 1;
    return true;
  }

  /** Waits until there is room; false if there will be none. */
  async enter(): Promise<boolean> {
    return this.tryEnter() || new Promise<boolean>((resolve) => this.#waiting.push(resolve));
  }

  /** Whoever has waited longest takes the place. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next) next(true);
    else this.#running -= 1;
  }

  /** Sends away whoever waits. */
  close(): void {
    for (const resolve of this.#waiting.splice(0)) resolve(false);
  }
}
