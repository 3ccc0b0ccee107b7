/** CloudWatch takes values up to this (PutMetricData, MetricDatum). */
const largestValue = 2 ** 360;

/** The number at a path of a JSON text, if it is one from 0 to what CloudWatch takes; a numeric string is none. */
export function numberAt(json: string, path: string): number | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = new Map<string, unknown>(Object.entries(value)).get(key);
  }
  return typeof value === 'number' && value >= 0 && value <= largestValue ? value : undefined;
}
