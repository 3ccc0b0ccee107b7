/** The finite number ≥ 0 at a path of a JSON text; a numeric string is not a number. */
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
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
