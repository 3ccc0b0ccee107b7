/** Headers as HTTP takes them: RFC 9110, sections 5.1 and 5.5. */

/** What the client writes itself, and why nobody else may. */
const ownHeaders: Readonly<Record<string, string>> = {
  host: 'the Host is set by endpoint.host',
  'accept-encoding': 'an answer that is compressed would not be read here',
  ...Object.fromEntries(
    [
      'connection',
      'content-length',
      'expect',
      'keep-alive',
      'te',
      'trailer',
      'transfer-encoding',
      'upgrade',
    ].map((name) => [name, 'this header belongs to the connection, and is set by itself']),
  ),
};

/** What is wrong with the name of a header; `undefined` for nothing. */
export function faultOfHeaderName(name: string): string | undefined {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
    return 'expected the name of a header, such as X-Tenant: letters, digits and hyphens';
  return ownHeaders[name.toLowerCase()];
}

/** Visible ASCII: servers read other bytes in one encoding or another, and HTTP cuts blanks off at the ends. */
export function canBeHeader(value: string): boolean {
  return value === '' || /^[!-~](?:[ -~]*[!-~])?$/.test(value);
}
