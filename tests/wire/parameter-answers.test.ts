/** What a write of the parameter makes of answers that are none, or that come late. */
import { awaitVersion } from '../../aws/parameter.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { parameterName } from '../support/app-names.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { writesOn } from '../support/parameter-write.ts';
import { steppedClock } from '../support/services.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

const { put, latest, write } = writesOn(() => aws);

describe('an answer to a write of the parameter', () => {
  it.each(['{"Versi', '<html>Sign in</html>', '{}'])(
    'looks before it writes again when the answer is %s, whether it was written or not',
    async (body) => {
      put('A=1\n');
      aws.fail('PutParameter', { status: 200, body, isCarriedOut: true });
      expect(await write('A=2\n')).toMatchObject({ version: 2 });
      aws.fail('PutParameter', { status: 200, body, isCarriedOut: false });
      await expect(write('A=3\n')).rejects.toMatchObject({ name: 'AwsUnavailable' });
      expect(latest()).toMatchObject({ Version: 2, Value: 'A=2\n' });
      expect(aws.countCalls('PutParameter')).toBe(2);
    },
  );

  it('waits between its looks at what it wrote, and not after the last of them', async () => {
    const clock = steppedClock();
    const startMs = clock.now();
    put('A=1\n');
    aws.endpoint.injectFault = ({ operation }) =>
      operation === 'GetParameter' ? new AwsError('ParameterNotFound', '') : undefined;
    const look = awaitVersion(aws.ssm.reader, clock, parameterName, { version: 1, text: 'A=1\n' });
    await expect(look).rejects.toMatchObject({ name: 'EnvStale' });
    expect([aws.countCalls('GetParameter'), clock.now() - startMs]).toEqual([10, 4500]);
  });
});
