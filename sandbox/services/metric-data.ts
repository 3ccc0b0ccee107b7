/** What alarms and scaling policies look at: a metric's statistic, or arithmetic over several of them (metric math). */
import * as v from 'valibot';
import { type Dimensions as DimensionsByName, dimensionList } from '../../workflow/dimensions.ts';
import { AwsError } from '../endpoint.ts';

/** Seconds since the epoch, as the JSON protocols send a time, or what CBOR makes of that. */
export const Time = v.pipe(
  v.union([
    v.number(),
    v.pipe(
      v.string(),
      v.isoTimestamp(),
      v.transform((text) => Date.parse(text) / 1000),
    ),
    v.pipe(
      v.date(),
      v.transform((date) => date.getTime() / 1000),
    ),
    v.pipe(
      v.object({ value: v.number() }),
      v.transform(({ value }) => value),
    ),
  ]),
  v.transform((seconds) => seconds * 1000),
);

export const Dimensions = v.optional(v.array(v.object({ Name: v.string(), Value: v.string() })), []);
export type Dimensions = v.InferOutput<typeof Dimensions>;

export interface Datapoint {
  /** The start of its period. */
  readonly timestampMs: number;
  readonly value: number;
}

interface TargetMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: DimensionsByName;
}

export interface MetricStat {
  readonly Metric: {
    readonly Namespace: string;
    readonly MetricName: string;
    readonly Dimensions: Dimensions;
  };
  /** Seconds. */
  readonly Period: number;
  readonly Stat: string;
  readonly Unit?: string | undefined;
}

/** A target's metric, as CloudWatch names one. */
export const metricOf = ({ namespace, name, dimensions }: TargetMetric) => ({
  Namespace: namespace,
  MetricName: name,
  Dimensions: dimensionList(dimensions),
});

/** One invocation, in the metric that Lambda publishes of each function. */
export const invocationOf = (functionName: string, timestampMs?: number) => ({
  MetricName: 'Invocations',
  Dimensions: [{ Name: 'FunctionName', Value: functionName }],
  Value: 1,
  Unit: 'Count',
  Timestamp: timestampMs,
  StorageResolution: 60,
});

/** One metric, or an expression over the results of other queries. */
export interface MetricDataQuery {
  readonly Id: string;
  readonly Label?: string | undefined;
  readonly MetricStat?: MetricStat | undefined;
  readonly Expression?: string | undefined;
  /** Exactly one query of a list is the one that counts. */
  readonly ReturnData: boolean;
}

/**
 * The datapoints of the query that returns data, oldest first. An expression has one where all that it names have one.
 *
 * @throws AwsError ValidationError for an expression that is not arithmetic.
 */
export function datapointsOf(
  queries: readonly MetricDataQuery[],
  read: (stat: MetricStat) => readonly Datapoint[],
): readonly Datapoint[] {
  const resolve = (query: MetricDataQuery | undefined): readonly Datapoint[] => {
    if (query?.MetricStat) return read(query.MetricStat);
    if (query?.Expression === undefined) return [];
    const { ids, evaluate } = readExpression(query.Expression);
    // No expression is resolved while it is resolved already: it would never end.
    const others = queries.filter((other) => other !== query);
    const operands = ids.map((id) => {
      const datapoints = datapointsOf(
        others.map((other) => ({ ...other, ReturnData: other.Id === id })),
        read,
      );
      return [id, new Map(datapoints.map(({ timestampMs, value }) => [timestampMs, value]))] as const;
    });
    const timestamps = [...(operands[0]?.[1].keys() ?? [])];
    return timestamps
      .filter((timestampMs) => operands.every(([, values]) => values.has(timestampMs)))
      .map((timestampMs) => {
        const values = new Map(operands.map(([id, all]) => [id, all.get(timestampMs) ?? Number.NaN]));
        return { timestampMs, value: evaluate(values) };
      })
      .filter(({ value }) => Number.isFinite(value));
  };
  return resolve(queries.find(({ ReturnData }) => ReturnData));
}

export interface Expression {
  /** The queries that it names. */
  readonly ids: readonly string[];
  readonly evaluate: (values: ReadonlyMap<string, number>) => number;
}

type Term = Expression['evaluate'];

const operators: Readonly<Record<string, (one: number, other: number) => number>> = {
  '+': (one, other) => one + other,
  '-': (one, other) => one - other,
  '*': (one, other) => one * other,
  '/': (one, other) => one / other,
  '<': (one, other) => Number(one < other),
  '<=': (one, other) => Number(one <= other),
  '>': (one, other) => Number(one > other),
  '>=': (one, other) => Number(one >= other),
  '==': (one, other) => Number(one === other),
  '!=': (one, other) => Number(one !== other),
};
const comparisons = ['<', '<=', '>', '>=', '==', '!='];

/**
 * Of metric math, the sandbox knows numbers, the ids of queries, + - * /, parentheses, and `IF(a > b, then, else)`.
 *
 * @throws AwsError ValidationError for anything else.
 */
export function readExpression(text: string): Expression {
  const tokens = text.match(/\d+(?:\.\d+)?|[a-z]\w*|IF(?=\s*\()|[<>=!]=|[^\s]/g) ?? [];
  const ids = new Set<string>();
  let next = 0;

  const refuse = (): never => {
    throw new AwsError('ValidationError', `Invalid metrics expression: ${text}`);
  };
  const expect = (token: string) => (tokens[next++] === token ? undefined : refuse());
  const closedBy = (token: string, part: () => Term): Term => {
    const term = part();
    expect(token);
    return term;
  };
  const operand = (): Term => {
    const token = tokens[next++] ?? '';
    if (token === '(') return closedBy(')', sum);
    if (token === 'IF') {
      expect('(');
      const condition = closedBy(',', () => chain(comparisons, sum));
      const [yes, no] = [closedBy(',', sum), closedBy(')', sum)];
      return (values) => (condition(values) === 0 ? no : yes)(values);
    }
    if (token === '-') {
      const inner = operand();
      return (values) => -inner(values);
    }
    if (/^\d/.test(token)) return () => Number(token);
    if (/^[a-z]/.test(token)) {
      ids.add(token);
      return (values) => values.get(token) ?? Number.NaN;
    }
    return refuse();
  };
  const chain = (symbols: readonly string[], part: () => Term): Term => {
    let left = part();
    while (symbols.includes(tokens[next] ?? '')) {
      const [operator, one] = [operators[tokens[next++] ?? ''], left];
      const other = part();
      left = (values) => operator?.(one(values), other(values)) ?? Number.NaN;
    }
    return left;
  };
  const product = () => chain(['*', '/'], operand);
  const sum = (): Term => chain(['+', '-'], product);

  const evaluate = sum();
  if (next < tokens.length) refuse();
  return { ids: [...ids], evaluate };
}
