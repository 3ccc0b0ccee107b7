/** STS, as far as it says who calls. */
import * as v from 'valibot';
import { operation, type Service } from '../endpoint.ts';
import { accountId } from '../template.ts';

export function identityService(): Service {
  return {
    targetPrefix: 'STS',
    operations: {
      // https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html: it needs no permission.
      GetCallerIdentity: operation(v.object({}), (_input, callerArn) => ({
        Account: accountId,
        Arn: callerArn,
        UserId: callerArn.split('/').at(-1),
      })),
    },
  };
}
