/** What of a target the sandbox takes as it is and does not play, a line for each. */
import type { DeployedTarget } from '../workflow/target.ts';
import { standInCommands } from './fleet.ts';
import { region } from './template.ts';

export interface RehearsalOptions {
  readonly runCommands: boolean;
  /** A bundle of the owner's own. */
  readonly hasBundle: boolean;
}

export function notRehearsed(target: DeployedTarget, options: RehearsalOptions): string[] {
  const { parameter, restore, deploy, metricFunction, metric, vpc, triggers, pauses, notify, stack } = target;
  const isStandIn = !options.runCommands && deploy.commands.join('\n') !== standInCommands.join('\n');
  const isStandInFunction = metricFunction?.deploy === false && !options.hasBundle;
  const keys = {
    'parameter.kmsKeyArn': parameter.kmsKeyArn,
    'restore.backupKmsKeyArn': restore.backupKmsKeyArn,
    'metricFunction.kmsKeyArn': metricFunction?.kmsKeyArn,
    'stack.kmsKeyArn': stack.kmsKeyArn,
  };
  const usedKeys = Object.entries(keys).flatMap(([field, arn]) => (arn === undefined ? [] : [field]));
  const lines: readonly (readonly [what: string, isMissing: boolean])[] = [
    [
      'deploy.commands: a stand-in reads the parameter, writes the .env and restarts the API; --run-commands runs yours',
      isStandIn,
    ],
    [
      `metricFunction: a stand-in counts with the variables that the target sets; --function-zip runs yours`,
      isStandInFunction,
    ],
    [
      'metric: the sandbox publishes it in place of whoever does so in reality',
      metric !== undefined && metricFunction === undefined,
    ],
    [
      `${usedKeys.join(', ')}: nothing is encrypted here, so no permission for a key is missed`,
      usedKeys.length > 0,
    ],
    [
      `restore.backupRegion: ${region} is the sandbox's own region, so the copy is beside the parameter`,
      restore.backupRegion === region,
    ],
    ['vpc: security groups keep nothing apart here', vpc !== undefined],
    [
      'triggers.alarms: alarms of yours stay OK here, until `aws cloudwatch set-alarm-state` says otherwise',
      triggers.alarms.length > 0,
    ],
    [
      'triggers.act: an operator starts the scenario, since what starts by itself only plans',
      triggers.act === 'plan',
    ],
    ['pauses.changeCalendars: they are taken for open', pauses.changeCalendars.length > 0],
    ['notify.subscriptions: messages are shown here, and go to nobody', notify.subscriptions.length > 0],
  ];
  return lines.filter(([, isMissing]) => isMissing).map(([what]) => `not rehearsed: ${what}`);
}
