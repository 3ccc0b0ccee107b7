import { catalogue } from '../../workflow/errors.ts';
import { RecoveryError, safeCause } from '../../workflow/recovery-error.ts';

describe('a RecoveryError', () => {
  it('says what was found and what the catalogue says to do', () => {
    const error = new RecoveryError('NoInstances', 'no instance that SSM manages is tagged Name=app.');
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe('NoInstances');
    expect(error.message).toBe(
      `no instance that SSM manages is tagged Name=app. ${catalogue.NoInstances.remedy}`,
    );
    expect(error.cause).toBeUndefined();
  });

  it('says what its thrower knows better to do, and keeps the cause', () => {
    const cause = { name: 'ThrottlingException', httpStatus: 400 };
    const error = new RecoveryError('EnvHistoryFull', 'It is full.', { remedy: 'Empty it.', cause });
    expect(error.message).toBe('It is full. Empty it.');
    expect(error.cause).toEqual(cause);
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
