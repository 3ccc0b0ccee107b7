/** What each mistake about the request to the endpoint is told as, in a target file. */
import { fileWith, mistakeIn } from '../support/target-file.ts';

const noHeader = 'expected the name of a header, such as X-Tenant: letters, digits and hyphens';
const noStatus = 'expected a status from 200 to 299, or a list of them';
const noPath = 'expected a path from the target file on, such as internal-ca.pem, with / between its parts';
const noKey = 'expected the name of a variable, such as API_TOKEN, or a scheme before it: Bearer API_TOKEN';
const noValue = 'no header can carry this: expected visible ASCII, with blanks only inside';
const noBody = 'an answer to HEAD, or one of 204 or 205, has no body to hold a number';
const ofConnection = 'this header belongs to the connection, and is set by itself';
const showsSecret =
  'this looks like a secret, which everybody could read here: put the value into the parameter, and the name of its key into endpoint.headersFromEnv';
const namedTwice =
  'a header can be named only once in headers, headersFromEnv and internalKeyHeader, in capitals or not';
const notRequired =
  'endpoint.internalKey and the keys in endpoint.headersFromEnv and metricFunction.setFromEnv have to be required';

/** A field, a value of it, and what is wrong with that. */
const single: [field: string, value: unknown, told: string][] = [
  ['method', 'PUT', 'expected ("GET" | "POST" | "HEAD")'],
  ['internalKeyHeader', 'X Key', noHeader],
  ['internalKeyHeader', 'Host', 'the Host is set by endpoint.host'],
  ['headers', 'X-Env: prod', 'expected an object'],
  ['expectStatus', 302, noStatus],
  ['expectStatus', '200', noStatus],
  ['expectStatus', [], noStatus],
  ['expectStatus', [200, 404], noStatus],
  ['expectStatus', 200.5, noStatus],
  ['caFile', '/etc/ssl/ca.pem', noPath],
  ['caFile', 'C:ca.pem', noPath],
  ['caFile', 'certs\\ca.pem', noPath],
  ['caFile', '', noPath],
  ['caFile', 'ca.pem', 'endpoint.url begins with http://, so nobody shows a certificate'],
];

/** A header in `headers`, and what is wrong with that. */
const fixed: [name: string, value: unknown, told: string][] = [
  ['X-Env:', 'prod', noHeader],
  ['Accept-Encoding', 'gzip', 'an answer that is compressed would not be read here'],
  ['X-Env', '', 'expected some text'],
  ['X-Env', 1, 'expected text: put it in quotes'],
  ['X-Env', '운영', noValue],
  ['X-Env', 'two\nlines', noValue],
  ['X-Env', ' prod', noValue],
  ['Authorization', 'Bearer canary', showsSecret],
  ['X-Api-Key', 'canary', showsSecret],
  ['Cookie', 'a=canary', showsSecret],
  ['X-Tenant', '9f8c2b7e4d1a6035bc7794e1', showsSecret],
  ['X-Back', 'https://user:canary@10.0.0.1/', showsSecret],
];

/** A header in `headersFromEnv`, and what is wrong with that. */
const fromEnv: [name: string, key: string, told: string][] = [
  ['Connection', 'DB_NAME', ofConnection],
  ['content-length', 'DB_NAME', ofConnection],
  ['Transfer-Encoding', 'DB_NAME', ofConnection],
  ['Authorization', 'Bearer {DB_NAME}', noKey],
  ['Authorization', 'Bearer  DB_NAME', noKey],
  ['Authorization', 'DB-NAME', noKey],
  ['Authorization', '', noKey],
];

/** Values of which one is wrong with regard to another. */
const others: [values: Readonly<Record<string, unknown>>, told: string][] = [
  [
    { 'endpoint.headers': { 'x-env': 'a' }, 'endpoint.headersFromEnv': { 'X-Env': 'DB_NAME' } },
    `endpoint.headersFromEnv: ${namedTwice}`,
  ],
  [{ 'endpoint.headers': { 'x-env': 'a', 'X-Env': 'b' } }, `endpoint.headersFromEnv: ${namedTwice}`],
  [
    { 'endpoint.internalKeyHeader': 'X-Env', 'endpoint.headers': { 'x-env': 'a' } },
    `endpoint.headersFromEnv: ${namedTwice}`,
  ],
  [{ 'endpoint.method': 'HEAD' }, `endpoint.backlogPath: ${noBody}`],
  [{ 'endpoint.expectStatus': 204 }, `endpoint.backlogPath: ${noBody}`],
  [{ 'endpoint.expectStatus': [200, 205] }, `endpoint.backlogPath: ${noBody}`],
  [{ 'endpoint.headersFromEnv': { 'X-Y': 'Bearer OTHER_KEY' } }, `parameter.requiredKeys: ${notRequired}`],
  [
    { 'metricFunction.deploy': true, 'endpoint.headersFromEnv': { Authorization: 'DB_NAME' } },
    'metricFunction.setFromEnv: the function that comes with the stack sends the headers of endpoint.headersFromEnv too: set a variable of any name from each of their keys',
  ],
];

it.each(single)('at endpoint.%s: %j', (field, value, told) => {
  expect(mistakeIn(fileWith({ [`endpoint.${field}`]: value }))).toBe(
    `targets/x.yml: endpoint.${field}: ${told}`,
  );
});

it.each(fixed)('in the fixed header %s: %s', (name, value, told) => {
  expect(mistakeIn(fileWith({ 'endpoint.headers': { [name]: value } }))).toBe(
    `targets/x.yml: endpoint.headers.${name}: ${told}`,
  );
});

it.each(fromEnv)('in the header %s from %s', (name, key, told) => {
  expect(mistakeIn(fileWith({ 'endpoint.headersFromEnv': { [name]: key } }))).toBe(
    `targets/x.yml: endpoint.headersFromEnv.${name}: ${told}`,
  );
});

it.each(others)('in %j', (values, told) => {
  expect(mistakeIn(fileWith(values))).toBe(`targets/x.yml: ${told}`);
});
