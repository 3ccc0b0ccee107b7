/** CloudWatch takes values up to this (PutMetricData, MetricDatum). */
const largestValue = 2 ** 360;

/**
 * The number at a path of a JSON text, if it is one from 0 to what CloudWatch takes; a numeric string is none. Where the
 * path leads into a string, that is read as JSON too: Lambda functions behind an API give their `body` so.
 */
export function numberAt(json: string, path: string): number | undefined {
  let value: unknown = json;
  for (const key of path.split('.')) {
    const holder = parsed(value);
    if (typeof holder !== 'object' || holder === null) return undefined;
    value = new Map<string, unknown>(Object.entries(holder)).get(key);
  }
  return typeof value === 'number' && value >= 0 && value <= largestValue ? value : undefined;
}

/** What JSON texts within JSON texts hold; each is shorter than the one around it. */
function parsed(value: unknown): unknown {
  try {
    return typeof value === 'string' ? parsed(JSON.parse(value)) : value;
  } catch {
    return undefined;
  }
}
