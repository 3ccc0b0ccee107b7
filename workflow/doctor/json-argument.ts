/** JSON as an argument that sh, PowerShell and cmd read alike. */

/** Characters that one of the shells would take for more than text, even in quotes; JSON has another way to write them. */
const forShells = /[$`%!<>&|^]/g;

/** @returns `undefined` if a text in it has a quote, a backslash or a line break, which no form is the same for. */
export function jsonArgument(value: unknown): string | undefined {
  const json = JSON.stringify(value);
  if (json.includes('\\')) return undefined;
  const escaped = json.replaceAll(
    forShells,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${escaped.replaceAll('"', '\\"')}"`;
}
