import { GetDocumentCommand, type SSMClient } from '@aws-sdk/client-ssm';
import * as v from 'valibot';
import { callAws, required } from './call.ts';

/** The lines that the deploy document runs. */
export async function readDocumentCommands(ssm: SSMClient, documentName: string): Promise<string[]> {
  const call = { action: 'ssm:GetDocument', resource: `document ${documentName}` };
  const { Content } = await callAws(call, () =>
    ssm.send(new GetDocumentCommand({ Name: documentName, DocumentFormat: 'JSON' })),
  );
  const content = required(call, 'Content', Content);
  const document = v.safeParse(v.pipe(v.string(), v.parseJson(), DocumentContent), content);
  return document.success ? document.output.mainSteps.flatMap(({ inputs }) => inputs.runCommand) : [];
}

const DocumentContent = v.object({
  mainSteps: v.array(v.object({ inputs: v.object({ runCommand: v.array(v.string()) }) })),
});
