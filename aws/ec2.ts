/** EC2's describe calls: each gives what was found, or why nobody could look. */

import { EC2Client, type EC2ClientConfig } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import type { Seen } from '../workflow/network/seen.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { callAws, readerConfig } from './call.ts';
import { look } from './look.ts';

/** @param config overrides the client's settings. */
export function openEc2(config: EC2ClientConfig = {}): EC2Client {
  return new EC2Client({ ...readerConfig(), ...config });
}

/** A filter of EC2: any of the values. */
export const filter = (Name: string, ...Values: readonly string[]) => ({ Name, Values: [...Values] });

/**
 * Reads all pages of a list.
 *
 * @param action the IAM action, e.g. `ec2:DescribeSubnets`.
 * @param entriesOf what a page has of the list.
 * @param schema of an entry; an answer that doesn't parse counts as none.
 * @throws RecoveryError CredentialsExpired.
 */
export async function lookAt<Page, Schema extends v.GenericSchema>(
  { action, resource }: { readonly action: string; readonly resource: string },
  pages: AsyncIterable<Page>,
  entriesOf: (page: Page) => unknown,
  schema: Schema,
): Promise<Seen<v.InferOutput<Schema>[]>> {
  const readAll = async () => {
    const entries: v.InferOutput<Schema>[] = [];
    for await (const page of pages) {
      const parsed = v.safeParse(v.array(schema), entriesOf(page));
      if (!parsed.success)
        throw new RecoveryError('AwsUnavailable', `${action} on ${resource}: the answer lacks something.`);
      entries.push(...parsed.output);
    }
    return entries;
  };
  return look(
    () => callAws({ action, resource }, readAll),
    ({ name }) =>
      name === 'AccessDenied' ? `${action} is not allowed` : `${action} was not answered (${name})`,
  );
}

/** A single answer in the form of a list of pages. */
export async function* onePage<Output>(send: () => Promise<Output>): AsyncGenerator<Output> {
  yield await send();
}
