/** Puts in what `${self:custom.stack.…}` stands for in a resource, as Serverless does. */
export function resolveSettings(value: unknown, stack: object): unknown {
  if (Array.isArray(value)) return value.map((item) => resolveSettings(item, stack));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, resolveSettings(item, stack)]),
    );
  const [, path] = (typeof value === 'string' && /^\$\{self:custom\.stack\.([\w.]+)\}$/.exec(value)) || [];
  return path === undefined ? value : path.split('.').reduce(fieldOf, stack);
}

const fieldOf = (value: unknown, field: string): unknown =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === field)?.[1]
    : undefined;
