/** Text as one argument of a command that a person pastes. */

/** Of sh and what is like it. */
export const quoteForShell = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** PowerShell treats typographic quotes as apostrophes. */
export const quoteForPowerShell = (text: string): string =>
  `'${text.replaceAll(/['\u2018-\u201B]/g, '$&$&')}'`;

/**
 * A path for whichever shell the person has: on Windows, double quotes are the only ones that both cmd and PowerShell
 * know, and a backslash before the last one would make it a part of the path.
 *
 * @param platform of the person, such as `win32`.
 */
export function pathArgument(path: string, platform: string): string {
  const isWindows = platform === 'win32';
  if ((isWindows ? /^[\p{L}\p{N}_:/.\\-]+$/u : /^[\p{L}\p{N}_:/.-]+$/u).test(path)) return path;
  return isWindows ? `"${path.replace(/\\+$/, '')}"` : quoteForShell(path);
}
