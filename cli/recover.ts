/** The program `recover`: everything it does is in `main`. */
import { main } from './main.ts';

// A pager that has seen enough closes the pipe. That is not a failure, and a write to the parameter goes on.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

process.exitCode = await main(process.argv.slice(2), {
  environment: process.env,
  input: process.stdin,
  output: process.stdout,
  errorOutput: process.stderr,
});
