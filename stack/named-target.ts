/** Whether somebody has said of which target the stack is. */

/**
 * What is told instead of a deploy or a removal of the default target, which nobody has named.
 *
 * @param commandLine of Serverless, from its command on.
 * @returns `undefined` if it may run.
 */
export function refusalOf([command = '', ...rest]: readonly string[]): string | undefined {
  if (command !== 'deploy' && command !== 'remove') return undefined;
  const isNamed = rest.some((word) => /^(--param=)?target=./.test(word));
  if (isNamed || rest.some((word) => word === '--help' || word === '-h')) return undefined;
  return `Say which target: npm run ${command} -- --param target=<name> --region <region>. Nothing was changed.`;
}
