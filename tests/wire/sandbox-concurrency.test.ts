/** Reserved concurrency of functions, as the sandbox has it. */
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { openAws, type TestAws } from '../support/aws.ts';

const functionArn = 'arn:aws:lambda:ap-northeast-2:111122223333:function:target';

describe('reserved concurrency', () => {
  let aws: TestAws;
  let gate: string;
  beforeEach(async () => {
    aws = await openAws();
    gate = join(tmpdir(), `gate-${randomUUID()}`);
    // It ends when there is a file.
    aws.addFunction(
      'target',
      `while (!require('node:fs').existsSync(event.gate)) await new Promise((resolve) => setTimeout(resolve, 5));
       return 'done';`,
      {},
      1,
    );
  });
  afterEach(async () => {
    await aws.close();
    rmSync(gate, { force: true });
  });
  const letGo = () => writeFileSync(gate, '');

  it('refuses what is more, by the name that each caller sees', async () => {
    const first = aws.functions.invoke('target', { gate });
    await expect(
      aws.lambda.writer.send(new InvokeCommand({ FunctionName: 'target', Payload: '{}' })),
    ).rejects.toMatchObject({ name: 'TooManyRequestsException', $metadata: { httpStatusCode: 429 } });
    expect(await aws.functions.invokeAsTask(functionArn, {})).toEqual({
      error: { errorType: 'Lambda.TooManyRequestsException', errorMessage: 'Rate Exceeded.' },
    });
    letGo();
    expect(await first).toEqual({ result: 'done' });
    expect(await aws.functions.invoke('target', { gate })).toEqual({ result: 'done' });
  });

  it('lets events wait', async () => {
    const first = aws.functions.invoke('target', { gate });
    for (let count = 0; count < 3; count += 1) aws.functions.invokeLater('target', { gate });
    let isIdle = false;
    const idle = aws.functions.idle().then(() => {
      isIdle = true;
    });
    await expect(aws.functions.invoke('target', { gate })).rejects.toThrow('Rate Exceeded.');
    expect(isIdle).toBe(false);
    letGo();
    await Promise.all([first, idle]);
    expect(await aws.functions.invoke('target', { gate })).toEqual({ result: 'done' });
  });

  it('is given back when a function crashes', async () => {
    const first = aws.functions.invoke('target', { gate });
    aws.functions.crash('target');
    expect(await first).toMatchObject({ error: { errorType: 'Runtime.ExitError' } });
    letGo();
    expect(await aws.functions.invoke('target', { gate })).toEqual({ result: 'done' });
  });

  it('keeps nothing from being closed', async () => {
    for (let count = 0; count < 3; count += 1) aws.functions.invokeLater('target', { gate });
    await aws.functions.stop();
    await aws.functions.idle();
    expect(await aws.functions.invoke('target', { gate })).toMatchObject({
      error: { errorType: 'Runtime.ExitError' },
    });
  });
});
