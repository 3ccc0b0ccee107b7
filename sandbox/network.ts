/** The sandbox's network: where the addresses in the stack are on loopback. */

/** The loopback port for each `host:port`. */
export type Network = Readonly<Record<string, number>>;

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** @returns the `host:port` that a socket is told to connect to. */
export function addressOf(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  return `${hostname}:${port || defaultPorts[protocol]}`;
}

/** The same place for a process that is not in the sandbox. */
export function localUrl(network: Network, url: string): string {
  const port = network[addressOf(url)];
  return port === undefined ? url : Object.assign(new URL(url), { hostname: '127.0.0.1', port }).href;
}
