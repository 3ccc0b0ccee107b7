/**
 * Whether a value is a URL to the people who write it. Unlike `new URL`, that takes connection strings with several
 * hosts (MongoDB, PostgreSQL, Kafka), several URLs in a list (AMQP), and those of JDBC, which have a scheme of their own
 * before the database's. A scheme and something after it there has to be.
 */
export function isUrl(value: string): boolean {
  if (/^jdbc:[a-z][a-z0-9+-]*:(?!\/*$)\S+$/i.test(value)) return true;
  return value.split(/[,;](?=[a-z][a-z0-9+.-]*:\/\/)/i).every(isOneUrl);
}

function isOneUrl(value: string): boolean {
  const [, start, hosts, rest = ''] =
    /^([a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?)([^/?#@]*)(.*)$/is.exec(value) ?? [];
  if (start === undefined || hosts === undefined || hosts + rest === '') return false;
  return hosts
    .split(',')
    .every((host) => (host !== '' || hosts === '') && URL.canParse(`${start}${host}${rest}`));
}
