/** Lambda's API. */
import * as v from 'valibot';
import { AwsError, operation, type Service } from '../endpoint.ts';
import type { Functions } from './lambda.ts';
import { RoutingConfig } from './lambda-versions.ts';

function refuseBusy({ LastUpdateStatus }: ReturnType<Functions['describe']>): void {
  if (LastUpdateStatus === 'InProgress')
    throw new AwsError(
      'ResourceConflictException',
      'The operation cannot be performed at this time. An update is in progress for resource',
      409,
    );
}

function refuseOtherRevision(wanted: string | undefined, current: string): void {
  if (wanted !== undefined && wanted !== current)
    throw new AwsError('PreconditionFailedException', 'The Revision Id provided does not match', 412);
}

export function lambdaService(functions: Functions): Service {
  const Named = v.object({ FunctionName: v.string() });
  /** The ids of the statements in the policy of each function, or of an alias of it. */
  const statements = new Map<string, readonly string[]>();
  return {
    targetPrefix: 'Lambda',
    operations: {
      GetFunctionConfiguration: operation(Named, ({ FunctionName }) => functions.describe(FunctionName)),

      ListFunctions: operation(v.object({}), () => ({
        Functions: functions.names().map((name) => functions.describe(name)),
      })),

      PublishVersion: operation(
        v.object({
          ...Named.entries,
          CodeSha256: v.optional(v.string()),
          RevisionId: v.optional(v.string()),
        }),
        ({ FunctionName, CodeSha256, RevisionId }) => {
          const current = functions.describe(FunctionName);
          refuseBusy(current);
          refuseOtherRevision(RevisionId, current.RevisionId);
          if (CodeSha256 !== undefined && CodeSha256 !== current.CodeSha256)
            throw new AwsError(
              'InvalidParameterValueException',
              `CodeSHA256 (${CodeSha256}) is different from current CodeSHA256 in $LATEST (${current.CodeSha256}). Please try again with the CodeSHA256 in $LATEST.`,
            );
          return functions.describe(`${FunctionName}:${functions.publish(FunctionName)}`);
        },
      ),

      ListAliases: operation(Named, ({ FunctionName }) => ({
        Aliases: functions.versionsOf(FunctionName).aliases(),
      })),

      CreateAlias: operation(
        v.object({ ...Named.entries, Name: v.string(), FunctionVersion: v.string() }),
        ({ FunctionName, Name, FunctionVersion }) =>
          functions.versionsOf(FunctionName).putAlias(Name, { FunctionVersion }),
      ),

      GetAlias: operation(v.object({ ...Named.entries, Name: v.string() }), ({ FunctionName, Name }) =>
        functions.versionsOf(FunctionName).alias(Name),
      ),

      DeleteAlias: operation(v.object({ ...Named.entries, Name: v.string() }), ({ FunctionName, Name }) =>
        functions.versionsOf(FunctionName).deleteAlias(Name),
      ),

      UpdateAlias: operation(
        v.object({
          ...Named.entries,
          Name: v.string(),
          FunctionVersion: v.optional(v.string()),
          RoutingConfig: v.optional(RoutingConfig),
          RevisionId: v.optional(v.string()),
        }),
        ({ FunctionName, Name, RevisionId, ...change }) => {
          const versions = functions.versionsOf(FunctionName);
          refuseOtherRevision(RevisionId, versions.alias(Name).RevisionId);
          return versions.putAlias(Name, change);
        },
      ),

      UpdateFunctionConfiguration: operation(
        v.object({
          ...Named.entries,
          Environment: v.optional(v.object({ Variables: v.record(v.string(), v.string()) })),
          RevisionId: v.optional(v.string()),
        }),
        ({ FunctionName, Environment, RevisionId }) => {
          const current = functions.describe(FunctionName);
          refuseBusy(current);
          refuseOtherRevision(RevisionId, current.RevisionId);
          if (Environment) functions.update(FunctionName, Environment.Variables);
          return functions.describe(FunctionName);
        },
      ),

      /** Keeps nobody out who was not permitted. */
      AddPermission: operation(
        v.object({
          ...Named.entries,
          StatementId: v.pipe(v.string(), v.regex(/^[\w-]{1,100}$/)),
          Action: v.string(),
          Principal: v.string(),
          SourceArn: v.optional(v.string()),
        }),
        ({ FunctionName, StatementId, ...rest }) => {
          functions.describe(FunctionName);
          const before = statements.get(FunctionName) ?? [];
          if (before.includes(StatementId))
            throw new AwsError(
              'ResourceConflictException',
              `The statement id (${StatementId}) provided already exists.`,
              409,
            );
          statements.set(FunctionName, [...before, StatementId]);
          return { Statement: JSON.stringify({ Sid: StatementId, Effect: 'Allow', ...rest }) };
        },
      ),

      RemovePermission: operation(
        v.object({ ...Named.entries, Name: v.string() }),
        ({ FunctionName, Name: id }) => {
          const before = statements.get(FunctionName) ?? [];
          if (!before.includes(id))
            throw new AwsError('ResourceNotFoundException', `No policy is associated with ${id}.`, 404);
          statements.set(
            FunctionName,
            before.filter((one) => one !== id),
          );
          return undefined;
        },
      ),

      Invoke: operation(
        v.object({
          ...Named.entries,
          InvocationType: v.optional(v.picklist(['RequestResponse', 'Event', 'DryRun']), 'RequestResponse'),
          Payload: v.unknown(),
        }),
        async ({ FunctionName, InvocationType, Payload }) => {
          if (InvocationType === 'Event') {
            functions.invokeLater(FunctionName, Payload);
            return { StatusCode: 202, Payload: '' };
          }
          if (InvocationType === 'DryRun') {
            functions.describe(FunctionName);
            return { StatusCode: 204, Payload: '' };
          }
          const { Version: ExecutedVersion } = functions.describe(FunctionName);
          const outcome = await functions.invoke(FunctionName, Payload);
          return 'result' in outcome
            ? { ExecutedVersion, Payload: JSON.stringify(outcome.result) }
            : { ExecutedVersion, Payload: JSON.stringify(outcome.error), FunctionError: 'Unhandled' };
        },
      ),
    },
  };
}
