import {
  GetParametersByPathCommand,
  type GetParametersByPathCommandInput,
  paginateGetParametersByPath,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { envBelowPath, historyBelowPath } from '../workflow/path-env.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { ParameterRecord } from '../workflow/versions.ts';
import { type AwsCall, callAws, callPages, required } from './call.ts';
import { notDecrypted, readHistory, readParameter, recordOf } from './parameter.ts';

/** GetParametersByPath gives no more at once: the API reference, `MaxResults`. */
const pageSize = 10;
/** How many histories are read at the same time: all calls of an account share their rate. */
const atOnce = 5;

/** SSM wants a path without the slash at its end; those below a deeper level are no keys. */
const request = (path: string, WithDecryption: boolean): GetParametersByPathCommandInput => ({
  Path: path.slice(0, -1),
  Recursive: false,
  WithDecryption,
});

const callFor = (path: string): AwsCall => ({
  action: 'ssm:GetParametersByPath',
  resource: `the parameters below ${path}`,
});

/**
 * The env that is spread over the parameters below a path, as it is now; `undefined` if there is none. What only the
 * history tells of each parameter isn't known.
 *
 * @throws RecoveryError AccessDenied, KmsKeyUnusable: both name the parameter and its KMS key if that is the cause.
 */
export async function readPath(ssm: SSMClient, path: string): Promise<ParameterRecord | undefined> {
  return envBelowPath(await listOrTell(ssm, path));
}

/** One parameter that can't be decrypted fails the whole call: then each is read by itself, and that one is named. */
async function listOrTell(ssm: SSMClient, path: string): Promise<Map<string, ParameterRecord>> {
  try {
    return await list(ssm, path, true);
  } catch (error) {
    const isOfKey =
      error instanceof RecoveryError &&
      (error.name === 'KmsKeyUnusable' || notDecrypted(error) !== undefined);
    if (!isOfKey) throw error;
    const found = await list(ssm, path, false).catch(() => {
      throw error;
    });
    for (const key of found.keys()) await readParameter(ssm, `${path}${key}`);
    throw error;
  }
}

async function list(
  ssm: SSMClient,
  path: string,
  WithDecryption: boolean,
): Promise<Map<string, ParameterRecord>> {
  const call = callFor(path);
  const pages = paginateGetParametersByPath({ client: ssm, pageSize }, request(path, WithDecryption));
  return new Map(
    (await callPages(call, pages, 'Parameters')).map((parameter) => [
      required(call, 'Name', parameter.Name).slice(path.length),
      recordOf(call, parameter),
    ]),
  );
}

/**
 * How the env below a path became what it is, oldest first; empty if there are no parameters.
 *
 * @throws RecoveryError what reading the newest version of one of them throws.
 */
export async function readPathHistory(ssm: SSMClient, path: string): Promise<ParameterRecord[]> {
  const keys = [...(await list(ssm, path, false)).keys()];
  const histories = new Map<string, ParameterRecord[]>();
  for (let start = 0; start < keys.length; start += atOnce)
    await Promise.all(
      keys.slice(start, start + atOnce).map(async (key) => {
        histories.set(key, await readHistory(ssm, `${path}${key}`));
      }),
    );
  return historyBelowPath(histories);
}

/** The ARN of any parameter below a path, without its value; `undefined` if none is found at once. */
export const readArnBelow = (ssm: SSMClient, path: string): Promise<string | undefined> =>
  callAws(callFor(path), async () => {
    const { Parameters } = await ssm.send(new GetParametersByPathCommand(request(path, false)));
    return Parameters?.[0]?.ARN;
  });
