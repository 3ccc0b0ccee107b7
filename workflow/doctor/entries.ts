import type { LinkName } from './links.ts';

/** What the catalogue says of one finding. Both commands have placeholders such as `<target>`. */
export interface FindingEntry {
  readonly meaning: string;
  /** A command that shows it, and changes nothing. */
  readonly look: string;
  /** In its place where the target has no metric function. */
  readonly lookWithoutFunction?: string;
  /** A command that puts it right. */
  readonly fix: string;
  /** A command that has to follow it. */
  readonly afterwards?: string;
  /** What has to be known or done besides that command. */
  readonly note?: string;
}

/** A finding that something is broken, in one link of the chain. */
export type BrokenEntry = FindingEntry & { readonly link: LinkName };

const start = (input: string) =>
  `aws stepfunctions start-execution --state-machine-arn <machine> --input "${input}"`;

/** Starts a recovery in spite of a pause: it restores, deploys and patches what has to be. JSON in double quotes, as
 * Windows takes it too. */
export const startRecovery = start('{\\"force\\":true}');

/** One that deploys in any case. */
export const startDeploy = start('{\\"force\\":true,\\"deploy\\":\\"always\\"}');

export const deployStack = 'npm run deploy -- --param target=<target>';

export const checkTargetFile = 'npm run package -- --param target=<target>';

export const functionLog = 'aws logs tail /aws/lambda/<function> --since 15m';
