import { parseRange } from './addresses.ts';

/** Where a URL leads. */
export interface Destination {
  /** As it is looked up: an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
  /** `undefined` if the URL has a name in its place. */
  readonly address: string | undefined;
}

export function destinationOf(url: string): Destination {
  const { protocol, hostname, port } = new URL(url);
  // An IPv6 address is in brackets there.
  const host = hostname.replace(/^\[|\]$/g, '');
  return {
    host,
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
    address: parseRange(host) ? host : undefined,
  };
}
