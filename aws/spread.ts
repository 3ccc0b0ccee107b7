import {
  GetParametersByPathCommand,
  type GetParametersByPathCommandInput,
  paginateGetParametersByPath,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { envOf, historyOf, parameterNameOf, textNamesOf } from '../workflow/spread-env.ts';
import type { ParameterRecord } from '../workflow/versions.ts';
import { type AwsCall, callAws, callPages, required } from './call.ts';
import {
  notDecrypted,
  readHistory,
  readParameter,
  readParameterArn,
  recordOf,
  withoutHistory,
} from './parameter.ts';

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
 * A spread env as it is now; `undefined` if there is no parameter. What only the history tells of each isn't known.
 *
 * @param name a path with a slash at its end, or that of several texts.
 * @throws RecoveryError AccessDenied, KmsKeyUnusable: both name the parameter and its KMS key if that is the cause.
 */
export async function readSpread(ssm: SSMClient, name: string): Promise<ParameterRecord | undefined> {
  const names = textNamesOf(name);
  return envOf(name, await (names ? readEach(ssm, names) : listOrTell(ssm, name)));
}

async function readEach(ssm: SSMClient, names: readonly string[]): Promise<Map<string, ParameterRecord>> {
  const found = await Promise.all(names.map(async (one) => [one, await readParameter(ssm, one)] as const));
  return new Map(
    found.flatMap(([one, version]) => (version ? [[one, withoutHistory(version)] as const] : [])),
  );
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
 * How a spread env became what it is, oldest first; empty if there is no parameter.
 *
 * @throws RecoveryError what reading the newest version of one of them throws.
 */
export async function readSpreadHistory(ssm: SSMClient, name: string): Promise<ParameterRecord[]> {
  const keys = textNamesOf(name) ?? [...(await list(ssm, name, false)).keys()];
  const histories = new Map<string, ParameterRecord[]>();
  for (let start = 0; start < keys.length; start += atOnce)
    await Promise.all(
      keys.slice(start, start + atOnce).map(async (key) => {
        histories.set(key, await readHistory(ssm, parameterNameOf(name, key)));
      }),
    );
  return historyOf(name, histories);
}

/** The ARN of a parameter of a spread env, without its value; `undefined` if none is found at once. */
export async function readArnOfSpread(ssm: SSMClient, name: string): Promise<string | undefined> {
  const [first] = textNamesOf(name) ?? [];
  if (first !== undefined) return readParameterArn(ssm, first);
  return callAws(callFor(name), async () => {
    const { Parameters } = await ssm.send(new GetParametersByPathCommand(request(name, false)));
    return Parameters?.[0]?.ARN;
  });
}
