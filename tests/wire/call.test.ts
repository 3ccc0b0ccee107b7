import { createServer } from 'node:net';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { callAws, writerConfig } from '../../aws/call.ts';
import { safeCause } from '../../workflow/recovery-error.ts';

describe('a call to AWS', () => {
  it('ends as AwsUnavailable when nobody answers', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    const { requestHandler, ...config } = writerConfig();
    const ssm = new SSMClient({
      ...config,
      // The project's own settings, with less patience.
      requestHandler: { ...requestHandler, requestTimeout: 200 },
      region: 'ap-northeast-2',
      endpoint: `http://127.0.0.1:${address.port}`,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const call = callAws({ action: 'ssm:GetParameter', resource: 'parameter /x' }, () =>
      ssm.send(new GetParameterCommand({ Name: '/x' })),
    );
    await expect(call).rejects.toMatchObject({ name: 'AwsUnavailable' });
    ssm.destroy();
    silent.close();
  });
});

describe('safeCause', () => {
  it('keeps names, codes, status and request id of an error, and not its message', () => {
    const error = Object.assign(new Error('secret'), {
      name: 'ValidationException',
      code: 'E_CODE',
      $metadata: { httpStatusCode: 400, requestId: 'request-1', extra: 'secret' },
      $response: 'secret',
    });
    expect(safeCause(error)).toEqual({
      name: 'ValidationException',
      code: 'E_CODE',
      httpStatus: 400,
      requestId: 'request-1',
    });
  });

  it('says of something else than an error only what it is', () => {
    expect(safeCause('secret')).toEqual({ name: 'string' });
  });
});
