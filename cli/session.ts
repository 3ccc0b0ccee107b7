/** What each command works with: its target, the doors to AWS, and the person who runs it. */
import { type Clock, systemClock } from '../aws/clock.ts';
import { type LeaseClients, type LeaseItem, openLease } from '../aws/lease-table.ts';
import { openSsm, type SsmClients, ssmOfBackup } from '../aws/ssm-clients.ts';
import { listTargets, loadTarget, targetFileOf, targetsDirectory } from '../targets/load.ts';
import { type RestoreRules, restoreRules } from '../workflow/restore.ts';
import { leaseTableOf, stackNameOf } from '../workflow/stack-names.ts';
import type { DeployedTarget } from '../workflow/target.ts';
import { type Caller, type CallerOptions, openCaller } from './caller.ts';
import { type Fingerprint, fingerprinter } from './changes.ts';
import { UsageError } from './failure.ts';
import { type Surroundings, Terminal } from './terminal.ts';

/** The options of every command; `yes` only of those that ask. */
export interface CommonOptions extends CallerOptions {
  readonly target?: string | undefined;
  readonly targets?: string | undefined;
  readonly json?: boolean | undefined;
  readonly yes?: boolean | undefined;
}

export interface Session extends RestoreRules {
  readonly target: DeployedTarget;
  /** Region, credentials and endpoint, for the clients that one command alone needs. */
  readonly config: Caller['config'];
  readonly caller: Caller;
  /** The file of the target, for messages. */
  readonly targetFile: string;
  readonly kmsKeyId: string | undefined;
  readonly ssm: SsmClients;
  /** Of the region of the backup. */
  readonly backupSsm: SsmClients;
  readonly lease: LeaseClients;
  readonly leaseItem: LeaseItem;
  /** The one that a change of the parameter starts; `undefined` if the target has no such trigger. */
  readonly stateMachine: string | undefined;
  readonly clock: Clock;
  readonly terminal: Terminal;
  /** Distinguishes values without showing them. */
  readonly fingerprint: Fingerprint;
  /** Ends the connections to AWS. */
  close(): void;
}

/** How a command ended. `report` is what `--json` prints; it holds no value. */
export interface Outcome {
  readonly ok: boolean;
  /** By default 0 if `ok`, 1 if not; 3 if nobody could tell. */
  readonly exitCode?: 3;
  readonly report: Readonly<Record<string, unknown>>;
}

/** The outcome of a command that can't be carried out: nothing was written, and the person is told why. */
export function refuse({ terminal, parameterName }: Session, why: string): Outcome {
  terminal.warn(`${why} Nothing was written.`);
  return { ok: false, report: { parameterName, written: false, why } };
}

/**
 * Finds target, region, profile and credentials: an option first, then the environment, then the shared config
 * files, as the AWS CLI does. The target comes from `--target` or RECOVER_TARGET, its folder from `--targets` or
 * RECOVER_TARGETS. Calls nothing.
 *
 * @throws UsageError, TargetInvalid
 */
export async function openSession(options: CommonOptions, surroundings: Surroundings): Promise<Session> {
  const { environment } = surroundings;
  const directory = targetsDirectory(options.targets, environment);
  const name = options.target ?? environment.RECOVER_TARGET;
  if (name === undefined || name === '')
    throw new UsageError(
      `say which target: --target <name>, or RECOVER_TARGET in the environment. There are: ${listTargets(directory)}`,
    );
  const target = loadTarget(name, directory);
  const terminal = new Terminal(options, surroundings);
  const caller = await openCaller(options, environment, terminal);
  const { config } = caller;
  const [ssm, lease] = [openSsm(config), openLease(config)];
  const backupSsm = ssmOfBackup(ssm, target.restore, config);
  return {
    target: { name, ...target },
    config,
    caller,
    targetFile: targetFileOf(name, directory),
    ...restoreRules(target),
    kmsKeyId: target.parameter.kmsKeyArn,
    ssm,
    backupSsm,
    lease,
    stateMachine: target.triggers.parameterChange ? stackNameOf(name) : undefined,
    leaseItem: { tableName: leaseTableOf(name), target: name },
    clock: systemClock,
    terminal,
    fingerprint: fingerprinter(environment.RECOVER_FINGERPRINT_KEY),
    close: () => {
      for (const { reader, writer } of [ssm, backupSsm])
        for (const client of [reader, writer]) client.destroy();
      for (const client of [lease.dynamo, lease.sfn]) client.destroy();
    },
  };
}

/** @throws UsageError if no region was found anywhere. */
export function requireRegion({ config }: Session): void {
  if (config.region === undefined)
    throw new UsageError(
      'say which region: --region <region>, AWS_REGION in the environment, or --profile with one that names a region',
    );
}

/** That the parameter is not there: perhaps it is somewhere else. */
export const tellMissing = async ({ parameterName, caller }: Session): Promise<string> =>
  `${parameterName}: there is no such parameter in ${await caller.where()}. \`recover env push <file>\` creates it.`;
