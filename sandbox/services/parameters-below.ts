/** GetParametersByPath, after its page in the API reference of Systems Manager. */
import * as v from 'valibot';
import { AwsError, operation } from '../endpoint.ts';
import { shownValue } from './parameter-value.ts';
import type { ParameterStore } from './ssm.ts';

const Request = v.object({
  Path: v.string(),
  Recursive: v.optional(v.boolean(), false),
  WithDecryption: v.optional(v.boolean(), false),
  MaxResults: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(10)), 10),
  NextToken: v.optional(v.string(), '0'),
  ParameterFilters: v.optional(v.never('no filters here')),
});

/** @param arnOf a parameter's name. */
export const getParametersByPath = (store: ParameterStore, arnOf: (name: string) => string) =>
  operation(Request, ({ Path, Recursive, WithDecryption, MaxResults, NextToken }) => {
    if (!Path.startsWith('/')) throw new AwsError('ValidationException', 'A path begins with a slash.');
    const path = Path.endsWith('/') ? Path : `${Path}/`;
    const start = Number(NextToken);
    const names = store
      .names()
      .filter((name) => name.startsWith(path) && (Recursive || !name.slice(path.length).includes('/')));
    return {
      Parameters: names.slice(start, start + MaxResults).map((wanted) => {
        const version = store.get(wanted);
        const { Name, Type, Version, LastModifiedDate } = version;
        return {
          Name,
          Type,
          Version,
          LastModifiedDate,
          Value: shownValue(version, WithDecryption, store.lostKeys),
          ARN: arnOf(Name),
          DataType: 'text',
        };
      }),
      NextToken: start + MaxResults < names.length ? String(start + MaxResults) : undefined,
    };
  });
