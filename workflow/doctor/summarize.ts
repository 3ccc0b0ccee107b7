/** Puts a diagnosis in short, with the commands that put it right. */
import type { DeployedTarget } from '../target.ts';
import { findings, isUnknownCode } from './catalogue.ts';
import { fillCommand } from './commands.ts';
import type { Diagnosis, Finding } from './diagnosis.ts';
import type { SeenInside } from './inside.ts';
import type { Place } from './place.ts';
import type { DiagnosisSummary } from './summary.ts';

/** The commands that put a finding right, with the names of the target in them, in the order in which to run them. */
export function commandsFor(
  { code, names, commands }: Finding,
  target: DeployedTarget,
  place: Place | undefined,
): string[] {
  const { fix, afterwards } = findings[code];
  return [...(commands.length > 0 ? commands : [fix]), ...(afterwards === undefined ? [] : [afterwards])].map(
    (command) => fillCommand(command, target, place, names),
  );
}

/**
 * @param place where the target is.
 * @param inside what the recovery has seen of the endpoint, which is told by itself: it need not be seen again.
 */
export function summarize(
  { causes: [first, ...others], links }: Diagnosis,
  target: DeployedTarget,
  place: Place,
  inside: SeenInside,
): DiagnosisSummary {
  const codes = (some: readonly Finding[]) => [...new Set(some.map(({ code }) => code))];
  const found = links.flatMap((link) => link.findings);
  return {
    broken: first
      ? {
          link: first.link,
          code: first.code,
          says: first.says,
          fix: commandsFor(first, target, place),
          note: findings[first.code].note ?? null,
        }
      : null,
    alsoBroken: codes(others).filter((code) => code !== first?.code),
    following: codes(found.filter(({ followsFrom }) => followsFrom.length > 0)),
    unknown: links.flatMap(({ link, findings: all }) => {
      if (link === 'endpoint' && inside.answer) return [];
      const unknown = all.find(({ code }) => isUnknownCode(code));
      return unknown ? [{ link, says: unknown.says }] : [];
    }),
  };
}
