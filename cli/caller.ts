/** As whom, and where, a command calls AWS: found as the AWS CLI finds it. */
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
export type CallerConfig = ReturnType<typeof callerConfig>;

/**
 * An option first, then the environment, then the shared config files. The AWS CLI knows AWS_DEFAULT_REGION; the SDK
 * doesn't.
 *
 * @throws UsageError
 */
export function callerConfig(
  { endpointUrl, ...options }: CallerOptions,
  environment: Surroundings['environment'],
  terminal: Terminal,
) {
  if (endpointUrl !== undefined && !/^https?:\/\/[^/]/.test(endpointUrl))
    throw new UsageError('--endpoint-url: expected a URL that starts with http:// or https://');
  const region = options.region ?? (environment.AWS_REGION || environment.AWS_DEFAULT_REGION || undefined);
  const profile =
    options.profile ?? (environment.AWS_PROFILE || environment.AWS_DEFAULT_PROFILE || undefined);
  const isChosen = options.profile !== undefined;
  return {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    credentials: findCredentials({ profile, isChosen }, environment, terminal),
    ...(endpointUrl === undefined ? {} : { endpoint: endpointUrl }),
    logger: silent,
  };
}
