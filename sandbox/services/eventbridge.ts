/** EventBridge: matches events against the compiled rules, and passes them on to the rules' targets. */
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { AwsError, operation, type Service } from '../endpoint.ts';
import { accountId, arn, region } from '../template.ts';

const wholeEvents = v.never('an event is handed on as it is here, or Input in its place');
const Target = v.object({
  Id: v.optional(v.string()),
  Arn: v.string(),
  /** What the target gets instead of the event: a JSON text. */
  Input: v.optional(v.string()),
  InputPath: v.optional(wholeEvents),
  InputTransformer: v.optional(wholeEvents),
  DeadLetterConfig: v.optional(v.object({ Arn: v.string() })),
});
type Target = v.InferOutput<typeof Target>;

export const RuleProperties = v.object({
  Name: v.optional(v.string()),
  EventPattern: v.optional(v.record(v.string(), v.unknown())),
  ScheduleExpression: v.optional(v.string()),
  State: v.optional(v.string(), 'ENABLED'),
  Targets: v.array(Target),
});
type RuleProperties = v.InferOutput<typeof RuleProperties>;

/** An event as EventBridge delivers it. */
export interface ServiceEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** To the second. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Makes an event from what a service says; the rest is the same for all. */
export function makeEvent(
  source: string,
  detailType: string,
  resources: readonly string[],
  detail: Readonly<Record<string, unknown>>,
): ServiceEvent {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': detailType,
    source,
    account: accountId,
    time: `${new Date().toISOString().slice(0, 19)}Z`,
    region,
    resources,
    detail,
  };
}

/**
 * Whether an event fits a pattern: it has each field of the pattern, with one of the values listed, or one that begins
 * with a `{"prefix": …}` listed; of the patterns under `$or`, it fits one.
 *
 * @throws Error on any other content filter, which isn't known here.
 */
export function matchesPattern(pattern: unknown, event: unknown): boolean {
  if (Array.isArray(pattern)) {
    const values: unknown[] = Array.isArray(event) ? event : [event];
    return pattern.some((item) => values.some((value) => isLike(item, value)));
  }
  if (typeof pattern !== 'object' || pattern === null || typeof event !== 'object' || event === null)
    return false;
  const fields = new Map<string, unknown>(Object.entries(event));
  return Object.entries(pattern).every(([key, expected]) =>
    key === '$or' && Array.isArray(expected)
      ? expected.some((one) => matchesPattern(one, event))
      : matchesPattern(expected, fields.get(key)),
  );
}

function isLike(item: unknown, value: unknown): boolean {
  if (typeof item !== 'object' || item === null) return item === value;
  const filter = v.safeParse(v.strictObject({ prefix: v.string() }), item);
  if (!filter.success)
    throw new Error('the sandbox knows prefix as the only content filter in event patterns');
  return typeof value === 'string' && value.startsWith(filter.output.prefix);
}

/** An event that a target did not take, as it is put into the target's dead-letter queue. */
export interface DeadLetter {
  readonly queueArn: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export class EventBus {
  readonly #rules: RuleProperties[];
  readonly #deliver: (targetArn: string, event: unknown) => void;
  readonly #onDeadLetter: (letter: DeadLetter) => void;

  /**
   * @param deliver gives an event to a target, which handles it later; throws if the target doesn't take it.
   * @param onDeadLetter gets the events that were not taken, if the target has a dead-letter queue. EventBridge would
   *   retry some errors for a day; none of them happens here.
   */
  constructor(
    rules: readonly RuleProperties[],
    deliver: (targetArn: string, event: unknown) => void,
    onDeadLetter: (letter: DeadLetter) => void = () => undefined,
  ) {
    this.#rules = [...rules];
    this.#deliver = deliver;
    this.#onDeadLetter = onDeadLetter;
  }

  /** The rules that have a resource as a target. */
  rulesOf(targetArn: string): readonly RuleProperties[] {
    return this.#rules.filter(({ Targets }) => Targets.some(({ Arn }) => Arn === targetArn));
  }

  /** @throws AwsError ResourceNotFoundException. */
  rule(name: string): RuleProperties {
    const rule = this.#rules.find(({ Name }) => Name === name);
    if (!rule)
      throw new AwsError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus default.`);
    return rule;
  }

  /** In place of one of the same name, whose targets stay. */
  putRule(rule: Omit<RuleProperties, 'Targets'>): RuleProperties {
    const index = this.#rules.findIndex(({ Name }) => Name === rule.Name);
    const put = { ...rule, Targets: this.#rules[index]?.Targets ?? [] };
    this.#rules.splice(index === -1 ? this.#rules.length : index, 1, put);
    return put;
  }

  /** @throws AwsError ValidationException. */
  deleteRule(name: string): void {
    const index = this.#rules.findIndex(({ Name }) => Name === name);
    if (index === -1) return;
    if (this.#rules[index]?.Targets.length)
      throw new AwsError('ValidationException', "Rule can't be deleted since it has targets.");
    this.#rules.splice(index, 1);
  }

  put(event: unknown): void {
    for (const rule of this.#rules) {
      const { EventPattern, State } = rule;
      if (State === 'ENABLED' && EventPattern !== undefined && matchesPattern(EventPattern, event))
        this.#send(rule, event);
    }
  }

  /** Triggers every enabled rule with a schedule once. */
  runSchedules(): void {
    for (const rule of this.#rules) {
      if (rule.State === 'ENABLED' && rule.ScheduleExpression !== undefined)
        this.#send(rule, makeEvent('aws.events', 'Scheduled Event', [ruleArn(rule)], {}));
    }
  }

  #send(rule: RuleProperties, event: unknown): void {
    for (const target of rule.Targets) {
      try {
        this.#deliver(target.Arn, target.Input === undefined ? event : JSON.parse(target.Input));
      } catch (error) {
        this.#bury(rule, target, event, error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  #bury(rule: RuleProperties, { Arn, DeadLetterConfig }: Target, event: unknown, error: Error): void {
    if (!DeadLetterConfig) return;
    this.#onDeadLetter({
      queueArn: DeadLetterConfig.Arn,
      body: JSON.stringify(event),
      attributes: {
        RULE_ARN: ruleArn(rule),
        TARGET_ARN: Arn,
        ERROR_CODE: error.name,
        ERROR_MESSAGE: error.message,
      },
    });
  }
}

function ruleArn({ Name = '' }: Pick<RuleProperties, 'Name'>): string {
  return arn('events', `rule/${Name}`);
}

export function eventBridgeService(bus: EventBus): Service {
  const Named = v.object({ Name: v.string() });
  const setState = (State: string) =>
    operation(Named, ({ Name }) => {
      bus.rule(Name).State = State;
      return {};
    });
  return {
    targetPrefix: 'AWSEvents',
    operations: {
      ListRuleNamesByTarget: operation(v.object({ TargetArn: v.string() }), ({ TargetArn }) => ({
        RuleNames: bus.rulesOf(TargetArn).map(({ Name }) => Name),
      })),

      DescribeRule: operation(Named, ({ Name }) => {
        const { Targets: _, EventPattern, ...rule } = bus.rule(Name);
        return {
          ...rule,
          Arn: ruleArn(rule),
          EventBusName: 'default',
          ...(EventPattern === undefined ? {} : { EventPattern: JSON.stringify(EventPattern) }),
        };
      }),

      PutRule: operation(
        v.object({
          Name: v.string(),
          ScheduleExpression: v.optional(v.string()),
          State: v.optional(v.picklist(['ENABLED', 'DISABLED']), 'ENABLED'),
        }),
        (rule) => ({ RuleArn: ruleArn(bus.putRule(rule)) }),
      ),

      PutTargets: operation(
        v.object({ Rule: v.string(), Targets: v.array(v.object({ Id: v.string(), Arn: v.string() })) }),
        ({ Rule, Targets }) => {
          const rule = bus.rule(Rule);
          const arns = Targets.map(({ Arn }) => Arn);
          rule.Targets = [...rule.Targets.filter(({ Arn }) => !arns.includes(Arn)), ...Targets];
          return { FailedEntryCount: 0, FailedEntries: [] };
        },
      ),

      RemoveTargets: operation(v.object({ Rule: v.string(), Ids: v.array(v.string()) }), ({ Rule, Ids }) => {
        const rule = bus.rule(Rule);
        rule.Targets = rule.Targets.filter(({ Id }) => Id === undefined || !Ids.includes(Id));
        return { FailedEntryCount: 0, FailedEntries: [] };
      }),

      /** Refuses one that still has targets; one that is not there is deleted already. */
      DeleteRule: operation(Named, ({ Name }) => {
        bus.deleteRule(Name);
        return {};
      }),

      EnableRule: setState('ENABLED'),
      DisableRule: setState('DISABLED'),
    },
  };
}
