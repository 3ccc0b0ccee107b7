import { parseRange } from './addresses.ts';

/**
 * Where a URL leads.
 *
 * @returns `address` is `undefined` if the URL has a name in its place.
 */
export function destinationOf(url: string): { readonly port: number; readonly address: string | undefined } {
  const { protocol, hostname, port } = new URL(url);
  // An IPv6 address is in brackets there.
  const host = hostname.replace(/^\[|\]$/g, '');
  return {
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
    address: parseRange(host) ? host : undefined,
  };
}
