/** The way from the recovery's functions to the endpoint, for the message of a recovery that did not get there. */
import type { NetworkLook } from './facts.ts';
import { wayChecks } from './network-rules.ts';

/** What the network looks like, in a sentence, with the commands that open what is blocked. */
export interface WayFinding {
  readonly says: string;
  readonly commands: readonly string[];
}

export const notLooked = (why: string): WayFinding => ({
  says: `could not be looked at: ${why}`,
  commands: [],
});

/** A finding for each address of the endpoint. */
export const judgeWay = (look: NetworkLook): readonly WayFinding[] =>
  wayChecks(look).map((check) =>
    check.state === 'unknown'
      ? notLooked(check.says)
      : { says: check.says, commands: check.state === 'broken' ? check.commands : [] },
  );

/** The lines of a message. */
export const wayLines = (way: readonly WayFinding[] = []): string[] =>
  way.flatMap(({ says, commands }) => [
    `Network:      ${says}`,
    ...commands.map((command) => `To open it:   ${command}`),
  ]);
