/** Addresses and blocks of addresses, IPv4 and IPv6, as AWS writes them: `10.0.1.17`, `10.0.0.0/16`, `fd00::/8`. */

export interface AddressRange {
  readonly family: 4 | 6;
  /** Both are part of the range. */
  readonly first: bigint;
  readonly last: bigint;
}

const bitsOf = { 4: 32, 6: 128 } as const;

/** @returns `undefined` if it is neither an address nor a block. */
export function parseRange(text: string): AddressRange | undefined {
  const [address = '', length, ...more] = text.split('/');
  const family = address.includes(':') ? 6 : 4;
  const bits = bitsOf[family];
  const value = family === 4 ? parseIpv4(address) : parseIpv6(address);
  const prefix = length === undefined ? bits : /^\d{1,3}$/.test(length) ? Number(length) : bits + 1;
  if (value === undefined || prefix > bits || more.length > 0) return undefined;
  const size = 1n << BigInt(bits - prefix);
  const first = value - (value % size);
  return { family, first, last: first + size - 1n };
}

/** The block that holds this address alone; a block stays as it is. */
export function asBlock(text: string): string {
  if (text.includes('/')) return text;
  return `${text}/${text.includes(':') ? bitsOf[6] : bitsOf[4]}`;
}

/** How much of a range lies in any of the others, taken together. */
export function coverage(range: AddressRange, others: readonly AddressRange[]): 'all' | 'part' | 'none' {
  const overlapping = others
    .filter(
      ({ family, first, last }) => family === range.family && first <= range.last && last >= range.first,
    )
    .sort((one, other) => (one.first < other.first ? -1 : 1));
  if (overlapping.length === 0) return 'none';
  let next = range.first;
  for (const { first, last } of overlapping) {
    if (first > next) return 'part';
    if (last >= next) next = last + 1n;
  }
  return next > range.last ? 'all' : 'part';
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255))
    return undefined;
  return parts.reduce((value, part) => value * 256n + BigInt(part), 0n);
}

/** RFC 4291, section 2.2: eight groups of 16 bits, `::` once for groups of zeros, the last two perhaps as IPv4. */
function parseIpv6(text: string): bigint | undefined {
  const ipv4 = /^(.*:)(\d+(?:\.\d+){3})$/.exec(text);
  if (ipv4) {
    const last = parseIpv4(ipv4[2] ?? '');
    if (last === undefined) return undefined;
    return parseIpv6(`${ipv4[1]}${(last >> 16n).toString(16)}:${(last & 0xffffn).toString(16)}`);
  }
  const [before = '', after, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  const groupsOf = (part: string) => (part === '' ? [] : part.split(':'));
  const head = groupsOf(before);
  const tail = groupsOf(after ?? '');
  const missing = 8 - head.length - tail.length;
  if (after === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<string>(missing).fill('0'), ...tail];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.reduce((value, group) => value * 65536n + BigInt(`0x${group}`), 0n);
}
