/** Who calls AWS, found as the AWS CLI finds it, with the code of a person's device where a role wants one. */
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { parseKnownFiles } from '@smithy/core/config';
import { callAws } from '../aws/call.ts';
import { RecoveryError, safeCause } from '../workflow/recovery-error.ts';
import { UsageError } from './failure.ts';
import type { Surroundings, Terminal } from './terminal.ts';

type Provider = ReturnType<typeof defaultProvider>;

interface Search {
  /** From the command line or from the environment. */
  readonly profile: string | undefined;
  /** On the command line. */
  readonly isChosen: boolean;
  /** How STS and IAM Identity Center are called. */
  readonly requestHandler: object;
}

/**
 * Keys in the environment, unless a profile was chosen on the command line; else the SDK's own search: a profile of the
 * shared config files, and all that comes after them. The SDK would prefer AWS_PROFILE to the keys.
 */
export function findCredentials(
  { profile, isChosen, requestHandler }: Search,
  environment: Surroundings['environment'],
  terminal: Terminal,
) {
  const keys = isChosen ? undefined : keysOf(environment);
  return keys ?? searchedFor(profile, requestHandler, terminal);
}

function keysOf(environment: Surroundings['environment']) {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = environment;
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

/** The clients of a session share what is found, since a code works once. */
function searchedFor(
  profile: string | undefined,
  requestHandler: Search['requestHandler'],
  terminal: Terminal,
): Provider {
  const name = profile ?? 'default';
  let source: Promise<void> | undefined;
  let device: string | undefined;
  let failure: RecoveryError | undefined;
  const search = defaultProvider({
    ...(profile === undefined ? {} : { profile }),
    clientConfig: { requestHandler: { ...requestHandler } },
    logger: silent,
    mfaCodeProvider: (serial) => {
      device = serial;
      return askForCode(name, serial, terminal);
    },
  });
  return async (properties) => {
    // Or each further call would ask for another code.
    if (failure) throw failure;
    try {
      source ??= requireSourceOf(name, requestHandler, properties);
      await source;
      return await search(properties);
    } catch (error) {
      failure =
        device === undefined ? await failureOfSso(error, name) : await failureWithCode(error, name, device);
      throw failure ?? error;
    }
  };
}

/**
 * The profile behind a role that wants a code has to have credentials: nobody is asked for a code in vain. Besides, the
 * SDK leaves their failure unhandled while it waits for the code, which would end the process.
 *
 * @throws what the SDK throws.
 */
async function requireSourceOf(
  profile: string,
  requestHandler: Search['requestHandler'],
  properties: Parameters<Provider>[0],
): Promise<void> {
  const profiles = await parseKnownFiles({});
  const { mfa_serial: device, source_profile: source } = profiles[profile] ?? {};
  if (device === undefined || source === undefined) return;
  // A code for that one is asked for where it is used.
  if (profiles[source]?.mfa_serial !== undefined) return;
  await defaultProvider({
    profile: source,
    clientConfig: { requestHandler: { ...requestHandler } },
    logger: silent,
  })(properties);
}

/** The SDK would print a page about a profile next to keys in the environment, which is settled here. */
const ignore = () => undefined;
export const silent = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

/** @throws RecoveryError CredentialsExpired if there is nobody to ask, or no code was given. */
async function askForCode(profile: string, device: string, terminal: Terminal): Promise<string> {
  if (!terminal.isInteractive)
    throw new RecoveryError(
      'CredentialsExpired',
      `The role of profile ${profile} wants a code of ${device}, and there is no terminal to ask for it on.`,
      {
        remedy: `Put temporary keys into the environment first, which \`aws configure export-credentials --profile ${profile} --format env\` prints (or powershell, windows-cmd), and leave --profile out.`,
      },
    );
  const typed = await terminal.askSecret(`MFA code for ${device}: `).catch((error: unknown) => {
    if (error instanceof UsageError) return undefined;
    throw error;
  });
  const code = typed?.trim() ?? '';
  // https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html, `TokenCode`.
  if (/^\d{6}$/.test(code)) return code;
  throw new RecoveryError('CredentialsExpired', `No code of ${device} was given.`, {
    remedy: 'Run the command again, and type the six digits that the device shows.',
  });
}

/**
 * Whoever signs in by IAM Identity Center has to do that again after some hours.
 *
 * @returns `undefined` if the profile is of another kind, or IAM Identity Center did not answer.
 */
async function failureOfSso(error: unknown, profile: string): Promise<RecoveryError | undefined> {
  const cause = safeCause(error);
  if (cause.name !== 'CredentialsProviderError' && cause.name !== 'TokenProviderError') return undefined;
  const signIn = await ssoProfileOf(profile);
  if (signIn === undefined) return undefined;
  return new RecoveryError(
    'CredentialsExpired',
    `Profile ${profile}: the sign-in of IAM Identity Center has expired, or may not take this role.`,
    { remedy: `Run \`aws sso login --profile ${signIn}\`, and then this command again.`, cause },
  );
}

/** The profile itself, or the one behind its role, if it gets its credentials from IAM Identity Center. */
async function ssoProfileOf(profile: string): Promise<string | undefined> {
  const profiles = await parseKnownFiles({});
  const seen = new Set<string>();
  for (let name: string | undefined = profile; name !== undefined && !seen.has(name); ) {
    seen.add(name);
    const found: Readonly<Record<string, string | undefined>> = profiles[name] ?? {};
    if (found.sso_session !== undefined || found.sso_start_url !== undefined) return name;
    name = found.source_profile;
  }
  return undefined;
}

/** What the search has failed with after a code was asked for. STS refuses a wrong code as AccessDenied. */
async function failureWithCode(error: unknown, profile: string, device: string): Promise<RecoveryError> {
  if (error instanceof RecoveryError) return error;
  const cause = safeCause(error);
  if (cause.name === 'AccessDenied')
    return new RecoveryError(
      'CredentialsExpired',
      `sts:AssumeRole for profile ${profile}, with a code of ${device}: access denied.`,
      {
        remedy:
          'A code works once: run the command again with the next one. If that one is denied too, the role does not trust you.',
        cause,
      },
    );
  return callAws({ action: 'sts:AssumeRole', resource: `the role of profile ${profile}` }, () =>
    Promise.reject<never>(error),
  ).catch((failure: unknown) => {
    if (failure instanceof RecoveryError) return failure;
    throw failure;
  });
}
