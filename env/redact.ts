import { findLeaks } from './leaks.ts';
import { trimEndOf } from './readers/reading.ts';

/** Keys and values of one env or of several versions of it. */
export type KnownValues = Iterable<readonly [key: string, value: string]>;

const mask = '[redacted]';

/**
 * Masks secrets in a text that a person is to read: each value of the env, however it is spelled there, what is
 * assigned to one of its keys or to a name that sounds secret, the user part of URLs, and long random tokens.
 */
export function redact(text: string, values: KnownValues): string {
  const known = [...values];
  const leaks = findLeaks(text, new Set(known.flatMap(([key, value]) => secretsOf(key, value))));
  let masked = '';
  let copied = 0;
  for (const { from, to } of leaks) {
    masked += text.slice(copied, from) + mask;
    copied = to;
  }
  masked += text.slice(copied);
  const keys = new Set(known.map(([key]) => key));
  return maskAssignments(masked, keys)
    .replaceAll(/[A-Za-z0-9+/_-]{24,}={0,2}/g, (token) => (looksRandom(token) ? mask : token))
    .replaceAll(/(?:\[redacted\]){2,}/g, mask);
}

/** Whether a log would mask what is under this name: by the name, or by the value. */
export function looksSecret(name: string, value: string): boolean {
  const shown = `${name}: ${value}`;
  return redact(shown, []) !== shown;
}

/** A setting that everybody could guess and no log should lose: a switch, a port, a level. */
const plainSetting =
  /^(?:true|false|yes|no|on|off|none|null|nil|undefined|\d{1,5}|trace|debug|info|notice|warn|warning|error|critical|fatal)$/i;
/** What stands where a secret is missing. */
const noSecret = /^(?:true|false|yes|no|none|null|nil|undefined|\*+)?$/i;

/** The value, each of its lines (also of those that are written as `\n`), and the parts of it that a program may show alone. */
function secretsOf(key: string, value: string): string[] {
  const bare = value.trim().replace(/^(["'])(.*)\1$/s, '$2');
  if (soundsSecret(key) ? noSecret.test(bare) : plainSetting.test(bare)) return [];
  const parts = [
    ...bare.split(/\r?\n|(?:\\r)?\\n/).map((line) => line.trim()),
    ...urlCredentials(bare),
    ...assignedSecrets(bare),
  ];
  return [value, bare, ...parts];
}

/** User and password of each URL. */
function urlCredentials(value: string): string[] {
  return [...value.matchAll(/:\/\/([^/\s]*)@/g)].flatMap(([, userInfo = '']) => [
    userInfo,
    ...userInfo.split(':'),
  ]);
}

/** Such as in JSON, or in a connection string of the form `Server=…;Password=…`. */
function assignedSecrets(value: string): string[] {
  return [...value.matchAll(assignment)].flatMap(({ groups: { name = '', assigned = '' } = {} }) => {
    const bare = assigned.replace(/^(["'])(.*)\1[,;})\]]*$/s, '$2');
    return soundsSecret(name) && bare !== value ? [bare, bare.split(/[;&,]/)[0] ?? ''] : [];
  });
}

const assignment = new RegExp(
  [
    '(?<before>(?<![\\w-])-{0,2}(?<name>[A-Za-z_][\\w-]*)(?<sign>\\\\*["\']?\\]?[ \\t]*(?:=>|[=:](?!\\/\\/))[ \\t]*))',
    '(?<assigned>(?:(?:Basic|Bearer|Digest|Negotiate|Token)[ \\t]+)?',
    '(?:"(?:\\\\.|[^"\\\\\\n])*"|\'(?:\\\\.|[^\'\\\\\\n])*\'|\\S+))',
  ].join(''),
  'gi',
);

/**
 * Masks what is assigned to one of the keys or to a name that sounds secret, the value of such a header or option,
 * and the user part of URLs.
 */
export function maskAssignments(text: string, keys: ReadonlySet<string> = new Set()): string {
  return text
    .replaceAll(/\b((?:set-)?cookie:[ \t]*)\S.*/gi, `$1${mask}`)
    .replaceAll(assignment, (whole: string, before: string, name: string, sign: string, assigned: string) => {
      const opened = assigned.replace(/^\\*["']/, '');
      const bare = trimEndOf(trimEndOf(opened, /[,;)}\]]/).replace(/["']$/, ''), /\\/);
      if (soundsSecret(name)) return noSecret.test(bare) ? whole : before + mask;
      return keys.has(name) && !plainSetting.test(bare) && !sign.startsWith(']') ? before + mask : whole;
    })
    .replaceAll(/\b(Basic|Bearer)([ \t]+)([\w+/.~-]{6,}={0,2})/g, (whole, scheme, blanks, credentials) =>
      /^[a-z]+=?$/.test(credentials) ? whole : `${scheme}${blanks}${mask}`,
    )
    .replaceAll(/((?<![\w-])--([A-Za-z][\w-]*)[ \t]+)(?!-)(\S+)/g, (whole, before, name, assigned) =>
      soundsSecret(name) && !noSecret.test(assigned) ? before + mask : whole,
    )
    .replaceAll(
      /:\/\/(?:[^/\s:@"']{0,99}:(?!\d+(?:\/|$))[^\s@"']{0,999}@)?(?:[^/\s"']{0,999}@)?/g,
      (whole) => (whole.endsWith('@') ? `://${mask}@` : whole),
    );
}

const secretWords = new Set(
  'key keys auth authorization dsn pwd pass pin pat jwt otp sid session sessions sessionid signature salt'.split(
    ' ',
  ),
);

/** A word such as `password` anywhere in the name, or a short one such as `key` as one of its words. */
function soundsSecret(name: string): boolean {
  if (/(?:error|exception|failed|failure|warning)$/i.test(name)) return false;
  if (/token|secret|passw|passphrase|credential|cookie|api_?key|privatekey|sessionid/i.test(name))
    return true;
  return name
    .replaceAll(/([a-z0-9])(?=[A-Z])/g, '$1_')
    .toLowerCase()
    .split(/[_-]+/)
    .some((word) => secretWords.has(word));
}

/** The longest words and names have about twenty letters. */
const longestWord = 22;

/**
 * Whether the token is no path and no chain of words: it has a part longer than any word, or changes between
 * letters and digits, or from small to capital letters, as often as chance does.
 */
function looksRandom(token: string): boolean {
  const parts = token.split(/[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z][a-z])/);
  if (parts.some((part) => part.length >= longestWord)) return true;
  const pairs = token.match(/[A-Za-z0-9](?=[A-Za-z0-9])/g)?.length ?? 0;
  const changes = token.match(/[a-z](?=[A-Z0-9])|[A-Z](?=\d)|\d(?=[A-Za-z])/g)?.length ?? 0;
  return changes > pairs * 0.22;
}

/** What the SSM agent writes where it cuts. */
const truncationMark = /output truncated-*\s*$/i;

/**
 * The last lines of a command's output, redacted. The output is masked before it is cut, so that no secret
 * escapes by being cut in half; if AWS has already cut it, at about `limit` bytes, the line at the cut is dropped.
 */
export function redactedTail(
  output: string,
  limit: number,
  values: KnownValues,
  maxCharacters = 600,
): string {
  // A little less than the limit: AWS doesn't cut inside a character, and leaves room for its mark.
  const isCut = truncationMark.test(output) || Buffer.byteLength(output) >= limit - 100;
  const whole = isCut ? output.slice(0, output.lastIndexOf('\n') + 1) : output;
  const lines = redact(whole, values).trimEnd().split('\n').slice(-10);
  while (lines.length > 1 && lines.join('\n').length > maxCharacters) lines.shift();
  return lines.join('\n').slice(0, maxCharacters);
}
