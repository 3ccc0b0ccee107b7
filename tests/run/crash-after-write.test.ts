/** Whole runs whose UploadEnv crashes right after its write: the next try knows what the last one wrote. */
import { recover } from '../support/cli.ts';
import {
  checkInvariants,
  letItAsk,
  openRun,
  outputOf,
  untilAsked,
  type WholeRun,
} from '../support/whole-run.ts';

let whole: WholeRun;
beforeEach(async () => {
  whole = await openRun('outage');
});
afterEach(() => whole.close());

/** Lets UploadEnv crash once, at a write that is carried out. */
function crashAtWrite(before: () => void = () => undefined): void {
  const { endpoint, functions, parameterName } = whole.sandbox;
  endpoint.injectFault = ({ operation, input }) => {
    if (operation !== 'PutParameter' || !JSON.stringify(input).includes(`"${parameterName}"`))
      return undefined;
    endpoint.injectFault = () => undefined;
    before();
    functions.crash('env-recovery-sandbox-uploadEnv');
    return undefined;
  };
}
const writersNow = () =>
  whole.sandbox.parameters
    .history(whole.sandbox.parameterName)
    .map(({ LastModifiedUser }) => LastModifiedUser?.split('/').at(-1));

describe('a run whose UploadEnv crashes right after its write', () => {
  it('merges in what somebody else had written in that moment', async () => {
    crashAtWrite(() => whole.overwrite('LAMBDA_INTERNAL_API_KEY=theirs\nTHEIRS=1\n'));
    const execution = await whole.run();
    expect([execution.status, outputOf(execution)]).toMatchObject([
      'SUCCEEDED',
      { outcome: 'Recovered', env: { versionBefore: 3, versionAfter: 6, keyCountAfter: 14 } },
    ]);
    const ours = 'env-recovery-sandbox-uploadEnv';
    expect(writersNow()).toEqual(['sandbox', 'sandbox', 'sandbox', 'sandbox', ours, ours]);
    const { Value } = whole.sandbox.parameters.get(whole.sandbox.parameterName);
    expect(Value).toContain('LAMBDA_INTERNAL_API_KEY=theirs\n');
    expect(Value).toContain('THEIRS=1\n');
    checkInvariants(whole);
  });

  it('goes on under its approval, and does not write twice', async () => {
    letItAsk(whole);
    crashAtWrite();
    const { machines, stateMachineArn, endpoint } = whole.sandbox;
    const execution = machines.start(stateMachineArn, '{}');
    await untilAsked(execution);
    expect(await recover(endpoint.url, ['approve', execution.name, '--yes'])).toMatchObject({ exitCode: 0 });
    await execution.ended;
    expect(outputOf(execution)).toMatchObject({ outcome: 'Recovered', env: { versionAfter: 4 } });
    expect(writersNow()).toHaveLength(4);
    checkInvariants(whole);
  });
});
