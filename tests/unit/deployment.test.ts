import {
  commentOf,
  describeInvocation,
  endOf,
  failureOf,
  hasEnded,
  type Invocation,
  isOfWorkflow,
  redriveOf,
} from '../../workflow/deployment.ts';

const invocation = (part: Partial<Invocation> = {}): Invocation => ({
  instanceId: 'i-00000001',
  status: 'Success',
  statusDetails: part.status ?? 'Success',
  exitCode: 0,
  stdout: '',
  stderr: '',
  ...part,
});
const command = (part: object) => ({ commandId: 'c', comment: '', status: 'Success', sentAtMs: 0, ...part });

describe('the end of a command on an instance', () => {
  it.each([
    ['Success', 'Success', 'Success'],
    ['Failed', 'Failed', 'DeployFailed'],
    ['Failed', 'SomethingNew', 'DeployFailed'],
    ['Failed', 'Undeliverable', 'InstanceUnavailable'],
    ['Failed', 'Access Denied', 'InstanceUnavailable'],
    ['Failed', 'AccessDenied', 'InstanceUnavailable'],
    ['Failed', 'Invalid Platform', 'InstanceUnavailable'],
    ['Failed', 'InvalidPlatform', 'InstanceUnavailable'],
    ['Failed', 'Terminated', 'InstanceUnavailable'],
    ['Failed', 'Delivery Timed Out', 'DeployTimedOut'],
    ['Failed', 'DeliveryTimedOut', 'DeployTimedOut'],
    ['Failed', 'ExecutionTimedOut', 'DeployTimedOut'],
    ['TimedOut', 'DeliveryTimedOut', 'DeployTimedOut'],
    ['Cancelled', 'Cancelled', 'DeployCancelled'],
  ])('with the status %s, in detail %s, is %s', (status, statusDetails, expected) => {
    expect(endOf(invocation({ status, statusDetails }))).toBe(expected);
  });

  it.each(['Pending', 'InProgress', 'Delayed', 'Cancelling', 'SomethingNew'])(
    'has not come while the status is %s',
    (status) => {
      expect(endOf(invocation({ status }))).toBeUndefined();
    },
  );

  it('has not come where SSM does not know the command there yet', () => {
    expect(endOf(undefined)).toBeUndefined();
  });
});

describe('the failure of a command', () => {
  const failed = invocation({ status: 'Failed', exitCode: 3 });
  const offline = invocation({ status: 'Failed', statusDetails: 'Undeliverable', exitCode: -1 });

  it('is none where it has succeeded everywhere', () => {
    expect(failureOf([invocation(), invocation()])).toBeUndefined();
  });

  it('is the script rather than an instance, where both have failed', () => {
    expect(failureOf([offline, invocation(), failed])).toBe('DeployFailed');
    expect(failureOf([offline, invocation()])).toBe('InstanceUnavailable');
  });

  it('is told with the exit code, if there is one', () => {
    expect(describeInvocation(failed)).toBe('i-00000001 (Failed, exit code 3)');
    expect(describeInvocation(offline)).toBe('i-00000001 (Undeliverable)');
  });
});

describe('a command', () => {
  const execution = { name: 'night-1', redriveCount: 0 };

  it('says in its comment whose it is, and after which redrive', () => {
    expect(redriveOf(commentOf(execution), execution)).toBe(0);
    expect(redriveOf(commentOf({ ...execution, redriveCount: 12 }), execution)).toBe(12);
    expect(commentOf({ name: 'x'.repeat(80), redriveCount: 999 }).length).toBeLessThanOrEqual(100);
  });

  it.each(['env-recovery night-10', 'env-recovery night', 'night-1', 'by hand', ''])(
    'with the comment "%s" is not of this execution',
    (comment) => {
      expect(redriveOf(comment, execution)).toBeUndefined();
    },
  );

  it('is of the workflow, or of a person', () => {
    expect(isOfWorkflow(command({ comment: 'env-recovery other' }))).toBe(true);
    expect(isOfWorkflow(command({ comment: 'env-recovery-by-hand' }))).toBe(false);
  });

  it.each([
    ['Success', true],
    ['Cancelled', true],
    ['Failed', true],
    ['TimedOut', true],
    ['Pending', false],
    ['InProgress', false],
    ['Cancelling', false],
    ['SomethingNew', false],
  ])('has ended, or may still run, by its status %s: %j', (status, expected) => {
    expect(hasEnded(command({ status }))).toBe(expected);
  });
});
