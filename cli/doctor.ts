/** `recover doctor`: looks at the whole chain from the env to the workers, and says where it is broken. */
import { gatherFacts } from '../aws/doctor/gather.ts';
import { findings, lookFor } from '../workflow/doctor/catalogue.ts';
import { fillCommand } from '../workflow/doctor/commands.ts';
import { type Diagnosis, diagnose, type Finding, type LinkReport } from '../workflow/doctor/diagnosis.ts';
import { links } from '../workflow/doctor/links.ts';
import { commandsFor } from '../workflow/doctor/summarize.ts';
import { notInTarget } from '../workflow/messages.ts';
import { counted } from '../workflow/words.ts';
import { openClients } from './doctor/clients.ts';
import { lookFurther } from './doctor/further.ts';
import type { Outcome, Session } from './session.ts';

/**
 * Calls nothing that changes anything, but for what `vpc.reachabilityAnalyzer` of the target allows, and shows no value.
 * Exit code 3 if nothing is broken but something unknown.
 */
export async function runDoctor(session: Session): Promise<Outcome> {
  const { target, terminal, clock } = session;
  const clients = openClients(session);
  const nowMs = clock.now();
  try {
    const { facts, place } = await gatherFacts({ target, clients, nowMs });
    const further = await lookFurther({ target, clients, nowMs, clock, terminal }, facts, place);
    const diagnosis = diagnose({ ...facts, ...further }, target);
    const describe = (finding: Finding) => {
      const { meaning, note } = findings[finding.code];
      return {
        meaning,
        look: fillCommand(lookFor(finding.code, target), target, place, finding.names),
        fix: commandsFor(finding, target, place),
        ...(note === undefined ? {} : { note }),
      };
    };
    const sentence = sentenceOf(diagnosis);
    terminal.print(`${target.name} at ${new Date(nowMs).toISOString()}: ${sentence}`);
    terminal.print();
    for (const link of diagnosis.links) for (const line of linkLines(link)) terminal.print(line);
    for (const finding of adviceFor(diagnosis)) {
      const { meaning, look, fix, note } = describe(finding);
      terminal.print();
      terminal.print(`${finding.code}: ${meaning}`);
      terminal.print(`  see it:       ${look}`);
      for (const [index, command] of fix.entries())
        terminal.print(`  ${index === 0 ? 'put it right:' : 'and then:    '} ${command}`);
      if (note !== undefined) terminal.print(`  ${note}`);
      terminal.print(`  more:         docs/doctor.md#${finding.code.toLowerCase()}`);
    }
    return {
      ok: diagnosis.state === 'ok',
      ...(diagnosis.state === 'unknown' ? { exitCode: 3 } : {}),
      report: {
        target: target.name,
        at: new Date(nowMs).toISOString(),
        state: diagnosis.state,
        diagnosis: sentence,
        causes: diagnosis.causes.map((cause) => ({
          link: cause.link,
          code: cause.code,
          says: cause.says,
          ...describe(cause),
        })),
        links: diagnosis.links,
      },
    };
  } finally {
    clients.close();
  }
}

/** The diagnosis in one sentence. */
function sentenceOf({ state, causes: [first], links: all }: Diagnosis): string {
  if (first) return `broken at ${links[first.link]}: ${first.says}.`;
  const unknown = all.filter((link) => link.state === 'unknown');
  const isWhole = all.every((link) => link.state !== 'absent');
  return state === 'ok'
    ? `every link ${isWhole ? 'holds, from the env to what scales by it' : 'that this target has holds'}.`
    : `nothing is broken as far as can be seen, but ${counted(unknown.length, 'link')} could not be looked at: ${unknown.map(({ link }) => link).join(', ')}.`;
}

const marks = { ok: 'ok', broken: 'BROKEN', unknown: 'unknown', absent: '-' } as const;
const columns = { mark: 7, link: 9 };

function linkLines({ link, state, findings: found, seen }: LinkReport): string[] {
  const line = (mark: string, name: string, text: string) =>
    `  ${mark.padEnd(columns.mark)}  ${name.padEnd(columns.link)}  ${text}`;
  const texts = [
    ...found.map(({ code, says, followsFrom: [cause] }) =>
      cause === undefined ? `${code}: ${says}` : `${code}, which follows from ${cause}: ${says}`,
    ),
    ...seen,
    ...(state === 'absent' ? [notInTarget] : []),
  ];
  return texts.map((text, index) => (index === 0 ? line(marks[state], link, text) : line('', '', text)));
}

/** What a person is told more about: the causes, or else what could not be looked at, each code once. */
function adviceFor({ causes, links: all }: Diagnosis): readonly Finding[] {
  const wanted = causes.length > 0 ? causes : all.flatMap(({ findings: found }) => found);
  return wanted.filter(({ code }, index) => wanted.findIndex((one) => one.code === code) === index);
}
