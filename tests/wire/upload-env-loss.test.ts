import { AwsError } from '../../sandbox/endpoint.ts';
import { knownGoodLabel, lossAcceptedLabel } from '../../workflow/versions.ts';
import { parameterName } from '../support/app-names.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { backupName, complete, finding, uploadOn } from '../support/upload-env.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

const upload = uploadOn(() => aws);
const put = (Value: string, Name = parameterName) =>
  aws.parameters.put({ Name, Value, Type: 'SecureString', Overwrite: true });
const latest = () => aws.parameters.get(parameterName);

describe('UploadEnv, from a version that has lost keys', () => {
  it('brings back what it has lost of the known-good one, and nothing that may go', async () => {
    put(`${complete('proven')}LOST=1\nDROPPED=1\n`);
    put(`${complete('proven')}LOST=1\n`);
    put(complete('lived-with'));
    put('KEY=new\n');
    aws.parameters.label(parameterName, 1, [knownGoodLabel]);
    aws.parameters.label(parameterName, 2, [lossAcceptedLabel]);
    for (const { LastModifiedDate } of aws.parameters.history(parameterName).slice(0, 3))
      LastModifiedDate.setTime(Date.now() - 25 * 60 * 60 * 1000);
    expect(await upload(finding({ version: 4 }))).toMatchObject({ source: { version: 3 } });
    expect(latest().Value).toBe(`${complete('lived-with')}LOST=1\nKEY=new\n`);
  });

  it('brings back what is lost of the backup where no version is known-good, or can not look and restores', async () => {
    put(`${complete('copy')}LOST=1\n`, backupName);
    put(complete('newest'));
    put('KEY=new\n');
    aws.fail('GetParameter', new AwsError('AccessDeniedException', ''));
    expect(await upload(finding({ version: 2 }))).toMatchObject({ outcome: 'Restored', version: 3 });
    expect(latest().Value).toBe(`${complete('newest')}KEY=new\n`);
    put('KEY=new\n');
    await upload(finding({ version: 4 }));
    expect(latest().Value).toBe(`${complete('newest')}LOST=1\nKEY=new\n`);
  });
});
