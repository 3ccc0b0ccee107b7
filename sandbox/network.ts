/** The sandbox's network: where the addresses in the stack are on loopback. */

/** The loopback port for each `host:port`. */
export type Network = Readonly<Record<string, number>>;

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** @returns the `host:port` that a socket is told to connect to. */
export function addressOf(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  return `${hostname}:${port || defaultPorts[protocol]}`;
}
