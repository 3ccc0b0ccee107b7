/** `1 key`, `2 keys`. */
export function counted(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}

/** `A, B and 3 more`. */
export function listNames(names: readonly string[], most = 6): string {
  if (names.length === 0) return 'none';
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** `6.1 s`, `3 min 12 s`, `2 h 5 min`, `2 h`: to a tenth of a second, to a second, to a minute. */
export function duration(seconds: number): string {
  const tenths = Math.round(seconds * 10) / 10;
  if (tenths < 60) return `${tenths} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return inTwoUnits(Math.floor(whole / 60), 'min', whole % 60, 's');
  const minutes = Math.round(whole / 60);
  return inTwoUnits(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

function inTwoUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** The name at the end of an execution's ARN. */
export function executionName(executionArn: string): string {
  return executionArn.split(':').at(-1) ?? executionArn;
}

/** The most characters of words from outside that a report or a message shows. */
export const mostCharacters = 256;

/**
 * Words from outside, as reports and messages may show them: one line, whatever signs Unicode has for a new one or for
 * turning the direction of writing, and no longer than a line may be.
 */
export function oneLine(words: string): string {
  const line = words.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  const characters = [...line];
  return characters.length <= mostCharacters ? line : `${characters.slice(0, mostCharacters).join('')}…`;
}
