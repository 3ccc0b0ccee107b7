/** Values that are made up: of the kind that another value is of, or that a rule asks for. None is anybody's. */
import { randomBytes, randomInt } from 'node:crypto';
import fc from 'fast-check';
import type { KeyRule } from '../../env/contract.ts';
import { isUrl } from '../../env/url.ts';

/** A secret as one gets it from a generator. */
export const secret = (length = 24): string =>
  randomBytes(length).toString('base64url').replaceAll(/[-_]/g, 'x').slice(0, length);

const digits = (length: number): string =>
  Array.from({ length }, (_, index) => randomInt(index === 0 ? 1 : 0, 10)).join('');

/** A name in a domain that is kept for examples. */
const hostName = (): string => `${secret(8).toLowerCase()}.example.com`;

/** Words that mean yes and no to a program; one becomes the other. */
const opposites = [
  ['true', 'false'],
  ['True', 'False'],
  ['TRUE', 'FALSE'],
  ['yes', 'no'],
  ['on', 'off'],
];

/** No value is longer; a parameter holds 8 KB. */
const longest = 512;

/** A value of the same kind as a real one, which is not kept. */
export function valueLike(value: string): string {
  const opposite = opposites.find((pair) => pair.includes(value))?.find((word) => word !== value);
  if (opposite !== undefined) return opposite;
  const [, sign = '', whole, fraction] = /^([+-]?)(\d+)(\.\d+)?$/.exec(value) ?? [];
  if (whole !== undefined) {
    // A short number is easily drawn again.
    for (;;) {
      const made = `${sign}${digits(whole.length)}${fraction === undefined ? '' : `.${digits(fraction.length - 1)}`}`;
      if (made !== value) return made;
    }
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value) && isUrl(value)) return urlLike(value);
  if (/^[^@\s]+@[^@\s]+\.[a-z]+$/i.test(value)) return `${secret(8).toLowerCase()}@example.com`;
  if (/^\d+(\.\d+){3}$/.test(value)) return `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`;
  if (/^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}$/i.test(value)) return hostName();
  if (/^\//.test(value)) return `/${secret(8).toLowerCase()}`;
  return secret(Math.min(value.length, longest));
}

/** Only the scheme, and which parts there are, stay. */
function urlLike(value: string): string {
  const [, scheme = 'https', login = '', port = '', path = ''] =
    /^([a-z][a-z0-9+.-]*):\/\/(?:([^/?#]*)@)?[^/?#:]*(:\d+)?([^?#]*)/i.exec(value) ?? [];
  const [user, password] = login.split(':');
  const credentials = [user && secret(8), password && secret()]
    .filter((part, index) => part || (index === 0 && login !== ''))
    .join(':');
  return [
    `${scheme}://`,
    credentials && `${credentials}@`,
    hostName(),
    port && `:${digits(4)}`,
    path && `/${path.length > 1 ? secret(6).toLowerCase() : ''}`,
  ].join('');
}

/** How many values of a pattern are tried, a few at a time; most patterns are met by the first. */
const [batches, batchSize] = [20, 10];

/**
 * Values for a key, until one is taken: first those that its rule names, then such as people have, then whatever its
 * pattern describes. A rule with a type or a list has nothing else.
 */
export function* candidates(rule: Partial<KeyRule>, like: string | undefined): Generator<string> {
  if (rule.oneOf) {
    yield* rule.oneOf;
    return;
  }
  if (like !== undefined && like !== '') for (let times = 0; times < 3; times += 1) yield valueLike(like);
  if (rule.type === 'integer') yield digits(4);
  if (rule.type === 'url') yield `https://${hostName()}/`;
  for (const length of [24, 32, 40, 64, 16, 8, 128]) yield secret(length);
  for (let length = 1; length <= 12; length += 1) yield digits(length);
  yield* [hostName(), `https://${hostName()}`, randomBytes(16).toString('hex'), `Aa1!${secret(28)}`];
  if (rule.pattern !== undefined) yield* matchesOf(rule.pattern);
}

/** None for a pattern that can't be followed backwards, such as one with a look-ahead. */
function* matchesOf(pattern: string): Generator<string> {
  for (let batch = 0; batch < batches; batch += 1) {
    try {
      yield* fc.sample(fc.stringMatching(new RegExp(pattern, 'u'), { size: 'small' }), batchSize);
    } catch {
      return;
    }
  }
}
