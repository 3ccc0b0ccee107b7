/** What EC2's describe operations have in common: ids, filters and pages. */
import * as v from 'valibot';
import { AwsError, type Operation, operation } from '../endpoint.ts';
import { FormBoolean, FormInteger } from '../query-protocol.ts';
import type { Ec2Network } from './ec2-network.ts';

const Strings = v.optional(v.array(v.string()), []);

const Page = { MaxResults: v.optional(FormInteger), NextToken: v.optional(v.string()) };
const Query = v.looseObject({
  ...Page,
  DryRun: v.optional(FormBoolean),
  Filter: v.optional(v.array(v.object({ Name: v.string(), Value: Strings })), []),
});
type Query = v.InferOutput<typeof Query>;

interface Description<T> {
  /** What the list is called in the answer. */
  readonly set: string;
  readonly entries: () => readonly T[];
  /** What the ids are called in the request. */
  readonly idName: string;
  readonly idOf: (entry: T) => string;
  /** The error of an id that is not there. */
  readonly notFound: string;
  /** What an entry has of each filter. */
  readonly filters?: Readonly<Record<string, (entry: T) => readonly (string | undefined)[]>>;
  readonly elements: (entry: T) => object;
}

/** A describe operation: all entries, or those with the ids, as far as they pass the filters, page by page. */
export function describe<T>(network: Ec2Network, description: Description<T>): Operation {
  const { set, entries, idName, idOf, notFound, filters = {}, elements } = description;
  return operation(Query, (query) => {
    const ids = v.parse(v.fallback(Strings, []), query[idName]);
    const all = entries();
    const missing = ids.filter((id) => !all.some((one) => idOf(one) === id));
    if (missing.length > 0) throw new AwsError(notFound, `The ids '${missing.join(', ')}' do not exist`);
    const wanted = ids.length === 0 ? all : all.filter((one) => ids.includes(idOf(one)));
    return pageOf(network, query, set, filtered(wanted, query.Filter, filters).map(elements));
  });
}

/**
 * Entries that have any of the values of each filter; `*` and `?` stand for other characters.
 *
 * @throws AwsError InvalidParameterValue on a filter that is not known here, as EC2 does on one it doesn't know.
 */
function filtered<T>(
  entries: readonly T[],
  filters: Query['Filter'],
  known: NonNullable<Description<T>['filters']>,
): readonly T[] {
  return filters.reduce((left, { Name, Value }) => {
    const valuesOf = known[Name];
    if (!valuesOf) throw new AwsError('InvalidParameterValue', `The filter '${Name}' is invalid`);
    const patterns = Value.map(patternOf);
    const passes = (value: string | undefined) =>
      value !== undefined && patterns.some((pattern) => pattern.test(value));
    return left.filter((entry) => valuesOf(entry).some(passes));
  }, entries);
}

function patternOf(text: string): RegExp {
  const escaped = text.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}

/** One page of a list, under the list's name. */
function pageOf(
  { pageSize }: Ec2Network,
  { MaxResults = pageSize, NextToken }: Pick<Query, 'MaxResults' | 'NextToken'>,
  set: string,
  elements: readonly object[],
) {
  const from = NextToken === undefined ? 0 : Number(Buffer.from(NextToken, 'base64').toString());
  if (!Number.isInteger(from)) throw new AwsError('InvalidNextToken', 'The token is not valid.');
  const to = from + MaxResults;
  const nextToken = to < elements.length ? Buffer.from(String(to)).toString('base64') : undefined;
  return { [set]: elements.slice(from, to), nextToken };
}

/** The entries of one list, page by page. */
export const listEntries = (network: Ec2Network, entriesOf: (prefixListId: string) => readonly string[]) =>
  operation(v.object({ ...Page, PrefixListId: v.string() }), ({ PrefixListId, ...query }) =>
    pageOf(
      network,
      query,
      'entrySet',
      entriesOf(PrefixListId).map((cidr) => ({ cidr })),
    ),
  );
