/** The options of `npm start` and `npm run sandbox`. */
import { parseArgs } from 'node:util';
import { type ScenarioName, scenarioNames, scenarios, summaryOf } from './scenarios.ts';
import { defaultTarget } from './seed/seed.ts';

const usage = `Usage: npm start -- [--scenario <name>] [--target <name>]
       npm run sandbox -- [--scenario <name>] [--target <name>]

  --scenario <name>            ${scenarioNames.join(' | ')} (default: outage)
  --list                       list the scenarios
  --keep                       stay up until Ctrl+C, and start nothing
  --target <name>              rehearse another target than the sandbox's own
  --targets <folder>           where its file is (default: RECOVER_TARGETS, or targets/)
  --keys-from <file>           give its env the keys of this .env, with values that are made up
  --run-commands               run the target's own deploy commands on this machine, by bash
  --function-zip <file>        run this bundle as the target's own metric function
  --function-handler <handler> of that bundle (default: index.handler)
  --help                       show this

Exits with 0 if the scenario ends as it has to, even if that is a failure; with 1 if it ends otherwise.`;

export interface CommandLine {
  readonly scenario: ScenarioName;
  readonly keep: boolean;
  readonly target: string;
  readonly targets: string | undefined;
  /** Not `--env-file`: Node takes that one for itself, wherever it stands, and would load the real values. */
  readonly keysFrom: string | undefined;
  readonly runCommands: boolean;
  readonly functionZip: string | undefined;
  readonly functionHandler: string;
}

/** A mistake of whoever typed the command, in one line. */
export class Mistake extends Error {
  override readonly name = 'Mistake';
}

/** Ends the process with 0 after `--help` and `--list`, and with 2 after a mistake. */
export function readCommandLine(): CommandLine {
  try {
    const { values } = parseArgs({
      options: {
        scenario: { type: 'string', default: 'outage' },
        keep: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        target: { type: 'string', default: defaultTarget },
        targets: { type: 'string' },
        'keys-from': { type: 'string' },
        'run-commands': { type: 'boolean', default: false },
        'function-zip': { type: 'string' },
        'function-handler': { type: 'string', default: 'index.handler' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help || values.list) {
      console.log(values.help ? usage : listScenarios());
      process.exit(0);
    }
    const scenario = scenarioNames.find((name) => name === values.scenario);
    if (scenario === undefined) throw new Error(`There is no scenario ${values.scenario}.`);
    if (values['run-commands'] && process.platform === 'win32')
      throw new Error('--run-commands needs bash, which Windows lacks: run it in WSL, or leave it out.');
    return {
      scenario,
      keep: values.keep,
      target: values.target,
      targets: values.targets,
      keysFrom: values['keys-from'],
      runCommands: values['run-commands'],
      functionZip: values['function-zip'],
      functionHandler: values['function-handler'],
    };
  } catch (error) {
    // Node's message goes on with advice on positional arguments, which don't exist here.
    const [mistake] = `${error instanceof Error ? error.message : error}`.split('. ');
    console.error(`${mistake}\n\n${usage}`);
    process.exit(2);
  }
}

function listScenarios(): string {
  const width = Math.max(...scenarioNames.map((name) => name.length));
  return scenarioNames
    .map((name) => {
      const { expected } = scenarios[name];
      const workers = expected === 'Recovered' ? ', with workers that scale again' : '';
      return `${name.padEnd(width)}  ${summaryOf(name)} Ends as ${expected}${workers}.`;
    })
    .join('\n');
}
