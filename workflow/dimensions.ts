/** The dimensions of a metric: by name here, a list of pairs in the calls of AWS. */

export type Dimensions = Readonly<Record<string, string>>;

export const dimensionList = (dimensions: Dimensions) =>
  Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));

export const dimensionsFrom = (
  list: readonly { readonly Name?: string | undefined; readonly Value?: string | undefined }[] = [],
): Dimensions => Object.fromEntries(list.map(({ Name, Value }) => [Name ?? '', Value ?? '']));
