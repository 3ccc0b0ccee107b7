/** The metric function as its callers invoke it: `<name>:<alias>`, if it has an alias. */
export const invokedFunctionOf = ({
  name,
  alias,
}: {
  readonly name: string;
  readonly alias?: string | undefined;
}): string => (alias === undefined ? name : `${name}:${alias}`);
