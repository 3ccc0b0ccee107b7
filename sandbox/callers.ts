/** Who calls, according to the access key id that signed the request. Nothing here checks the signature itself. */
import type { IncomingHttpHeaders } from 'node:http';
import { accountId } from './template.ts';

/** As with AWS, the key id of temporary credentials starts with `ASIA`. */
const rolePrefix = 'ASIA-';

/** Whoever signs with any other key. */
export const userArn = `arn:aws:iam::${accountId}:user/sandbox`;

/** The access key id with which a function signs its requests. */
export function accessKeyIdOf(functionName: string): string {
  return `${rolePrefix}${functionName}`;
}

/** A function calls as its role, in a session with the function's name. */
export function roleSessionArn(functionName: string): string {
  return `arn:aws:sts::${accountId}:assumed-role/${functionName}-role/${functionName}`;
}

type SignedHeaders = Pick<IncomingHttpHeaders, 'authorization'>;

/** The region for which a request is signed; empty if it isn't signed. */
export function regionOf({ authorization = '' }: SignedHeaders): string {
  const [, region = ''] = /Credential=[^/,\s]+\/\d+\/([^/,\s]+)\//.exec(authorization) ?? [];
  return region;
}

/** Signature Version 4: `AWS4-HMAC-SHA256 Credential=<access key id>/<date>/<region>/<service>/aws4_request, …`. */
export function callerArnOf({ authorization = '' }: SignedHeaders): string {
  const [, accessKeyId = ''] = /Credential=([^/,\s]+)\//.exec(authorization) ?? [];
  return accessKeyId.startsWith(rolePrefix) ? roleSessionArn(accessKeyId.slice(rolePrefix.length)) : userArn;
}
