import { lookForKnownGood } from '../../aws/known-good-env.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { knownGoodLabel, type LabelledVersion } from '../../workflow/versions.ts';
import { parameterName } from '../support/app-names.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { backupName } from '../support/upload-env.ts';
import { versionOf } from '../support/versions.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

const look = (history: readonly LabelledVersion[], backupParameterName: string | undefined = backupName) =>
  lookForKnownGood(aws.ssm.reader, history, { parameterName, backupParameterName, backupRegion: undefined });
const putBackup = () => aws.parameters.put({ Name: backupName, Value: 'A=copy\n', Type: 'SecureString' });
const labelled = versionOf(5, 'A=1\n', { labels: [knownGoodLabel] });
const unreadable = { ...labelled, text: '', unreadable: 'InvalidKeyId' };
const backup = {
  kind: 'Found',
  env: { text: 'A=copy\n', source: { kind: 'backup', parameterName: backupName, version: 1 } },
};

describe('the look for the known-good env', () => {
  it('takes the version that has the label, and reads nothing more', async () => {
    expect(await look([versionOf(4, 'A=0\n'), labelled, versionOf(6, 'A=2\n')])).toEqual({
      kind: 'Found',
      env: { text: 'A=1\n', source: { kind: 'history', version: 5, isKnownGood: true } },
    });
    expect(aws.endpoint.calls).toEqual([]);
  });

  it('takes the backup where no version has the label, or where that one can not be read', async () => {
    putBackup();
    expect(await look([versionOf(4, 'A=0\n')])).toEqual(backup);
    expect(await look([unreadable])).toEqual(backup);
  });

  it('finds none where there is neither label nor backup', async () => {
    expect(await look([versionOf(4, 'A=0\n')])).toEqual({ kind: 'None' });
    expect(
      await lookForKnownGood(aws.ssm.reader, [], {
        parameterName,
        backupParameterName: undefined,
        backupRegion: undefined,
      }),
    ).toEqual({
      kind: 'None',
    });
  });

  it('says so where it could not look', async () => {
    expect(await look([unreadable])).toMatchObject({
      kind: 'Unreadable',
      error: { name: 'AwsRejected', message: expect.stringMatching(/known-good version 5 .*InvalidKeyId/) },
    });
    aws.fail('GetParameter', new AwsError('AccessDeniedException', ''));
    expect(await look([])).toMatchObject({ kind: 'Unreadable', error: { name: 'AccessDenied' } });
  });

  it('stops nobody, even where another try might succeed', async () => {
    aws.fail('GetParameter', new AwsError('ExpiredTokenException', ''));
    expect(await look([])).toMatchObject({ kind: 'Unreadable', error: { name: 'CredentialsExpired' } });
  });
});
