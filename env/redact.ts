/** Values shorter than this are words like `true` or `5432`; masking them would make the text unreadable. */
const minValueLength = 4;

/**
 * Masks secrets in a text that a person is to read: each value of the env (also line by line, URL-encoded and
 * in base64), anything that looks like an assignment, the user part of URLs, and long tokens.
 */
export function redact(text: string, env: ReadonlyMap<string, string>): string {
  const spellings = [...env.values()]
    .flatMap((value) => [value, value.trim(), value.replace(/^(["'])(.*)\1$/s, '$2'), ...value.split('\n')])
    .flatMap((value) => [value, ...urlCredentials(value)])
    .flatMap((value) => [
      value,
      encodeURIComponent(value),
      encodeWholly(value),
      JSON.stringify(value).slice(1, -1),
      Buffer.from(value).toString('base64'),
    ])
    .filter((value) => value.length >= minValueLength)
    // Longest first, so that a value that contains another one is masked whole.
    .sort((one, other) => other.length - one.length);
  let masked = text;
  for (const spelling of new Set(spellings)) masked = masked.replaceAll(spelling, '[redacted]');
  return maskAssignments(masked).replaceAll(/[A-Za-z0-9+/_-]{24,}={0,2}/g, '[redacted]');
}

/** Masks what follows the sign of an assignment or a header, and the user part of URLs. */
export function maskAssignments(text: string): string {
  return text
    .replaceAll(/\b([A-Za-z_][A-Za-z0-9_]*)(=|:\s*)(?!\/\/)("[^"\n]*"|'[^'\n]*'|\S+)/g, (whole, key, sign) =>
      sign === '=' || /key|token|secret|password|passwd|credential/i.test(key)
        ? `${key}${sign}[redacted]`
        : whole,
    )
    .replaceAll(/:\/\/[^/\s@]+@/g, '://[redacted]@');
}

/** User and password of a URL, as they are written and decoded. */
function urlCredentials(value: string): string[] {
  const [, userInfo = ''] = /:\/\/([^/\s]*)@/.exec(value) ?? [];
  const parts = [userInfo, ...userInfo.split(':')];
  return parts.flatMap((part) => {
    try {
      return [part, decodeURIComponent(part)];
    } catch {
      return [part];
    }
  });
}

/** Percent-encoding of every character except those that RFC 3986 calls unreserved, as other languages do it. */
function encodeWholly(value: string): string {
  return encodeURIComponent(value).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** What the SSM agent writes where it cuts. */
const truncationMark = /-*output truncated-*\s*$/i;

/**
 * The last lines of a command's output, redacted. The output is masked before it is cut, so that no secret
 * escapes by being cut in half; if AWS has already cut it, at about `limit` bytes, the line at the cut is dropped.
 */
export function redactedTail(
  output: string,
  limit: number,
  env: ReadonlyMap<string, string>,
  maxCharacters = 600,
): string {
  // A little less than the limit: AWS doesn't cut inside a character, and leaves room for its mark.
  const isCut = truncationMark.test(output) || Buffer.byteLength(output) >= limit - 100;
  const whole = isCut ? output.slice(0, output.lastIndexOf('\n') + 1) : output;
  const lines = redact(whole, env).trimEnd().split('\n').slice(-10);
  while (lines.length > 1 && lines.join('\n').length > maxCharacters) lines.shift();
  return lines.join('\n').slice(0, maxCharacters);
}
