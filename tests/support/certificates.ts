/** Certificates of a CA that nobody knows, made anew in each test. */
import type { KeyObject } from 'node:crypto';
import { certify } from '../../sandbox/certificate.ts';

export interface Authority {
  readonly name: string;
  /** PEM. */
  readonly certificate: string;
  readonly privateKey: KeyObject;
  /** A certificate for 127.0.0.1 and for a name. */
  issue(host: string): { readonly cert: string; readonly key: string };
}

export function certificateAuthority(name = 'Test CA'): Authority {
  const own = certify({ name, isAuthority: true });
  return {
    name,
    certificate: own.cert,
    privateKey: own.privateKey,
    issue: (host) => certify({ name: host, hosts: [host, '127.0.0.1'], issuer: own }),
  };
}
