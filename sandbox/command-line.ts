/** The options of `npm start` and `npm run sandbox`. */
import { parseArgs } from 'node:util';
import { type ScenarioName, scenarioNames, scenarios } from './scenarios.ts';

const usage = `Usage: npm start -- [--scenario <name>]
       npm run sandbox -- [--scenario <name>]

  --scenario <name>  ${scenarioNames.join(' | ')} (default: outage)
  --list             list the scenarios
  --keep             stay up until Ctrl+C, and start nothing
  --help             show this

Exits with 0 if the scenario ends as it has to, even if that is a failure; with 1 if it ends otherwise.`;

export interface CommandLine {
  readonly scenario: ScenarioName;
  readonly keep: boolean;
}

/** Ends the process with 0 after `--help` and `--list`, and with 2 after a mistake. */
export function readCommandLine(): CommandLine {
  try {
    const { values } = parseArgs({
      options: {
        scenario: { type: 'string', default: 'outage' },
        keep: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help || values.list) {
      console.log(values.help ? usage : listScenarios());
      process.exit(0);
    }
    const scenario = scenarioNames.find((name) => name === values.scenario);
    if (scenario === undefined) throw new Error(`There is no scenario ${values.scenario}.`);
    return { scenario, keep: values.keep };
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
      const { summary, expected } = scenarios[name];
      const workers = expected === 'Recovered' ? ', with workers that scale again' : '';
      return `${name.padEnd(width)}  ${summary} Ends as ${expected}${workers}.`;
    })
    .join('\n');
}
