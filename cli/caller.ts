/** As whom, and where, a command calls AWS: found as the AWS CLI finds it. */
import { parseKnownFiles } from '@smithy/core/config';
import { readerConfig } from '../aws/call.ts';
import { type Connection, openConnection } from './connection.ts';
import { findCredentials, silent } from './credentials.ts';
import { UsageError } from './failure.ts';
import type { Surroundings, Terminal } from './terminal.ts';

/** The options of every command that calls AWS. */
export interface CallerOptions {
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  readonly endpointUrl?: string | undefined;
}

/** The settings of all clients. */
interface CallerConfig {
  readonly region?: string;
  readonly profile?: string;
  readonly credentials: ReturnType<typeof findCredentials>;
  readonly endpoint?: string;
  readonly requestHandler?: ReturnType<typeof readerConfig>['requestHandler'] & Connection;
  readonly logger: typeof silent;
}

export interface Caller {
  readonly config: CallerConfig;
  /**
   * For messages: `111122223333, eu-west-1 (profile ops)`. Asks for the account, which is left out if it can't be had
   * within a moment.
   */
  where(): Promise<string>;
  /** The same without the account, and without a call. */
  readonly place: string;
}

/**
 * An option first, then the environment, then the shared config files. The AWS CLI knows AWS_DEFAULT_REGION; the SDK
 * doesn't. Calls nothing.
 *
 * @throws UsageError, and what `openConnection` throws.
 */
export async function openCaller(
  options: CallerOptions,
  environment: Surroundings['environment'],
  terminal: Terminal,
): Promise<Caller> {
  const { endpointUrl } = options;
  if (endpointUrl !== undefined && !/^https?:\/\/[^/]/.test(endpointUrl))
    throw new UsageError('--endpoint-url: expected a URL that starts with http:// or https://');
  const profile =
    options.profile ?? (environment.AWS_PROFILE || environment.AWS_DEFAULT_PROFILE || undefined);
  const { region: ownRegion, ca_bundle: caBundle } = (await parseKnownFiles({}))[profile ?? 'default'] ?? {};
  const region =
    options.region ?? (environment.AWS_REGION || environment.AWS_DEFAULT_REGION || ownRegion || undefined);
  const { agents, warning } = openConnection(environment, caBundle);
  if (warning !== undefined) terminal.warn(warning);
  const requestHandler = { ...readerConfig().requestHandler, ...agents };
  const isChosen = options.profile !== undefined;
  const credentials = findCredentials({ profile, isChosen, requestHandler }, environment, terminal);
  const config = {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    credentials,
    ...(endpointUrl === undefined ? {} : { endpoint: endpointUrl }),
    requestHandler,
    logger: silent,
  };
  const endpoint = endpointUrl ?? environment.AWS_ENDPOINT_URL;
  const place = [
    region ?? 'no region',
    `(${typeof credentials === 'function' ? `profile ${profile ?? 'default'}` : 'keys of the environment'})`,
    ...(endpoint ? [`at ${endpoint}`] : []),
  ].join(' ');
  return {
    config,
    place,
    where: async () => {
      const account = await accountOf(config);
      return account === undefined ? place : `${account}, ${place}`;
    },
  };
}

/** Somebody waits for the message that it is for. */
const withinMilliseconds = 3000;

/** The account of whoever calls; `undefined` if nobody says. It needs no permission. */
async function accountOf(config: CallerConfig): Promise<string | undefined> {
  // No command needs it unless it fails.
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const sts = new STSClient({ ...readerConfig(), ...config, maxAttempts: 1 });
  const abortSignal = AbortSignal.timeout(withinMilliseconds);
  const givenUp = new Promise<undefined>((resolve) =>
    abortSignal.addEventListener('abort', () => resolve(undefined)),
  );
  const asked = (async () => {
    // Those of a role say it themselves.
    const { accountId } = await sts.config.credentials();
    return accountId ?? (await sts.send(new GetCallerIdentityCommand({}), { abortSignal })).Account;
  })();
  try {
    return await Promise.race([asked.catch(() => undefined), givenUp]);
  } finally {
    sts.destroy();
  }
}
