/** A company's network on loopback: a proxy that is the only way to AWS, and a TLS server that stands for AWS. */
import { createServer as createHttpServer, request, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect } from 'node:net';
import { close, listen } from '../../sandbox/endpoint.ts';
import { selfSigned } from './certificate.ts';

export interface CompanyNetwork {
  readonly proxyUrl: string;
  /** The certificate of what stands for AWS, in PEM. */
  readonly certificate: string;
  /** What the proxy was asked for: `CONNECT host:port`, or the method and the whole URL. */
  readonly asked: string[];
  /** What the proxy answers instead of connecting. */
  refusal: number | undefined;
  close(): Promise<void>;
}

/** @param endpointUrl where all calls end up, whichever host of AWS they are for. */
export async function openCompanyNetwork(endpointUrl: string): Promise<CompanyNetwork> {
  const { cert, key } = selfSigned('*.ap-northeast-2.amazonaws.com');
  const { hostname, port } = new URL(endpointUrl);
  const forward: Parameters<typeof createHttpServer>[1] = (incoming, response) => {
    const { method, headers, url = '/' } = incoming;
    const path = url.replace(/^https?:\/\/[^/]*/, '');
    const outgoing = request({ hostname, port, method, headers, path }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  };
  const aws = createHttpsServer({ cert, key }, forward);
  const awsPort = Number(new URL(await listen(aws)).port);

  const network = { asked: [] as string[], refusal: undefined as number | undefined };
  const proxy: Server = createHttpServer((incoming, response) => {
    network.asked.push(`${incoming.method} ${incoming.url}`);
    forward(incoming, response);
  });
  proxy.on('connect', ({ url }, socket, head) => {
    network.asked.push(`CONNECT ${url}`);
    if (network.refusal !== undefined) {
      socket.end(`HTTP/1.1 ${network.refusal} No\r\n\r\n`);
      return;
    }
    const tunnel = connect(awsPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      tunnel.write(head);
      tunnel.pipe(socket).pipe(tunnel);
    });
    for (const [one, other] of [
      [socket, tunnel],
      [tunnel, socket],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
  });
  const proxyUrl = await listen(proxy);
  return Object.assign(network, {
    proxyUrl,
    certificate: cert,
    close: async () => {
      await Promise.all([proxy, aws].map(close));
    },
  });
}
