/** STS with roles that want a code of a device, as their trust policies can ask for. */
import * as v from 'valibot';
import { AwsError, operation, type Service } from '../../sandbox/endpoint.ts';

const AssumeRole = v.object({
  RoleArn: v.string(),
  RoleSessionName: v.string(),
  DurationSeconds: v.optional(v.string()),
  SerialNumber: v.optional(v.string()),
  TokenCode: v.optional(v.pipe(v.string(), v.regex(/^\d{6}$/))),
});

/** The access key id of whoever has assumed a role. */
export const assumedKeyId = 'ASIAIOSFODNN7EXAMPLE';

/** Takes any code of six digits, but each only once: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html. */
export function stsService(): Service {
  const used = new Set<string>();
  return {
    targetPrefix: 'STS',
    operations: {
      AssumeRole: operation(AssumeRole, ({ RoleArn, RoleSessionName, SerialNumber, TokenCode }) => {
        if (SerialNumber === undefined || TokenCode === undefined || used.has(TokenCode))
          throw new AwsError(
            'AccessDenied',
            'MultiFactorAuthentication failed with invalid MFA one time pass code.',
            403,
          );
        used.add(TokenCode);
        return {
          Credentials: {
            AccessKeyId: assumedKeyId,
            SecretAccessKey: 'canary-secret',
            SessionToken: 'canary-token',
            Expiration: new Date(Date.now() + 3_600_000),
          },
          AssumedRoleUser: {
            Arn: `${RoleArn.replace(':iam:', ':sts:')}/${RoleSessionName}`,
            AssumedRoleId: 'AROA:x',
          },
        };
      }),
    },
  };
}
