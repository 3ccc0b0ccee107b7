/** `npm start` with what can't be timed from outside, as the environment says. */
import { scenarios } from '../../sandbox/scenarios.ts';
import { patience } from '../../sandbox/workers-screen.ts';

const { NO_SOURCE_EXPECTS, INTERRUPT_AT, PATIENCE_MINUTES } = process.env;

if (NO_SOURCE_EXPECTS !== undefined) Object.assign(scenarios['no-source'], { expected: NO_SOURCE_EXPECTS });

if (PATIENCE_MINUTES !== undefined) patience.minutes = Number(PATIENCE_MINUTES);

if (INTERRUPT_AT !== undefined) {
  const { log } = console;
  console.log = (line = '') => {
    log(line);
    if (line.includes(INTERRUPT_AT)) process.kill(process.pid, 'SIGINT');
  };
}

await import('../../sandbox/start.ts');
