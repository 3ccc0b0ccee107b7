/** EventBridge: matches events against the compiled rules. */
import * as v from 'valibot';

export const RuleProperties = v.object({
  EventPattern: v.optional(v.record(v.string(), v.unknown())),
  State: v.optional(v.string(), 'ENABLED'),
  Targets: v.array(v.object({ Arn: v.string() })),
});
type RuleProperties = v.InferOutput<typeof RuleProperties>;

/**
 * Whether an event fits a pattern: each field of the pattern is there, with one of the values listed.
 *
 * @throws Error on a content filter such as `{"prefix": …}`, which isn't known here.
 */
export function matchesPattern(pattern: unknown, event: unknown): boolean {
  if (Array.isArray(pattern)) {
    if (pattern.some((item) => typeof item === 'object' && item !== null))
      throw new Error('the sandbox knows no content filters in event patterns');
    const values: unknown[] = Array.isArray(event) ? event : [event];
    return values.some((value) => pattern.includes(value));
  }
  if (typeof pattern !== 'object' || pattern === null || typeof event !== 'object' || event === null)
    return false;
  const fields = new Map<string, unknown>(Object.entries(event));
  return Object.entries(pattern).every(([key, expected]) => matchesPattern(expected, fields.get(key)));
}

export class EventBus {
  readonly #rules: readonly RuleProperties[];
  readonly #deliver: (targetArn: string, event: unknown) => void;

  constructor(rules: readonly RuleProperties[], deliver: (targetArn: string, event: unknown) => void) {
    this.#rules = rules;
    this.#deliver = deliver;
  }

  put(event: unknown): void {
    for (const { EventPattern, State, Targets } of this.#rules) {
      if (State !== 'ENABLED' || EventPattern === undefined || !matchesPattern(EventPattern, event)) continue;
      for (const { Arn } of Targets) this.#deliver(Arn, event);
    }
  }
}
