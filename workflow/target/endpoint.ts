/** `endpoint` of a target: the API that is asked. */
import * as v from 'valibot';
import { looksSecret } from '../../env/redact.ts';
import { canBeHeader, faultOfHeaderName } from '../http-header.ts';
import { hostHeader, httpUrl } from './addresses.ts';
import { checkedBy, envKey, matching, seconds, text } from './fields.ts';

const headerName = checkedBy(faultOfHeaderName);

const headerValue = checkedBy((value) => {
  if (value === '') return 'expected some text';
  return canBeHeader(value)
    ? undefined
    : 'no header can carry this: expected visible ASCII, with blanks only inside';
});

/** Fixed ones are in the template and in messages. */
const fixedHeaders = v.pipe(
  v.record(headerName, headerValue),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const input = dataset.value;
    for (const [key, value] of Object.entries(input))
      if (looksSecret(key, value))
        addIssue({
          message:
            'this looks like a secret, which everybody could read here: put the value into the parameter, and the name of its key into endpoint.headersFromEnv',
          path: [{ type: 'object', origin: 'value', input, key, value }],
        });
  }),
);

/** https://www.rfc-editor.org/rfc/rfc9110#section-11.4: a scheme, a blank, the credentials. */
const keyWithScheme = matching(
  /^(?:[A-Za-z][A-Za-z0-9-]* )?[A-Za-z_][A-Za-z0-9_]*$/,
  'expected the name of a variable, such as API_TOKEN, or a scheme before it: Bearer API_TOKEN',
);

const wantedStatuses = 'expected a status from 200 to 299, or a list of them';
/** 1xx is no end of an answer, and after a redirect or an error nobody has counted. */
const statuses = v.pipe(
  v.union([v.number(), v.array(v.number())], wantedStatuses),
  v.transform((one) => [one].flat()),
  v.check(
    (all) => all.length > 0 && all.every((one) => Number.isInteger(one) && one >= 200 && one < 300),
    wantedStatuses,
  ),
);

/** Beside the target file, so that whoever has the one has the other. */
const relativePath = checkedBy((path) =>
  path === '' || /^\/|^[A-Za-z]:|\\/.test(path)
    ? 'expected a path from the target file on, such as internal-ca.pem, with / between its parts'
    : undefined,
);

export const Endpoint = v.strictObject({
  url: httpUrl,
  host: v.optional(hostHeader),
  method: v.optional(v.picklist(['GET', 'POST', 'HEAD']), 'GET'),
  headers: v.optional(fixedHeaders, {}),
  headersFromEnv: v.optional(v.record(headerName, keyWithScheme), {}),
  /** Without it, the endpoint is asked without a key. */
  internalKey: v.optional(envKey),
  internalKeyHeader: v.optional(headerName, 'X-Internal-Key'),
  expectStatus: v.optional(statuses, 200),
  /** Without it, the endpoint answers with its status alone. */
  backlogPath: v.optional(text),
  caFile: v.optional(relativePath),
  requestTimeoutSeconds: v.optional(seconds(1, 30), 10),
  healthyWithinSeconds: v.optional(seconds(1, 120), 90),
});

export type Endpoint = v.InferOutput<typeof Endpoint> & {
  /** The certificates in `caFile`, as PEM: whoever loads the target file reads them. */
  readonly caCertificates?: string;
};
