/** The env of the target academy-api, of which the contract names nine keys of thirteen. Placeholders only. */
import { loadTarget } from '../../targets/load.ts';

const { parameter } = loadTarget('academy-api');
export const rules = { reader: parameter.reader, contract: parameter };

export const completeText = `SECRET_KEY=k0000000000000000000000000000000000001
DB_HOST=db.internal
DB_PORT=5432
DB_NAME=app
DB_USER=svc
DB_PASSWORD=pw-11111
R2_BUCKET=b1
R2_ACCESS_KEY_ID=id-33333
REDIS_URL=redis://cache:6379/0
DEBUG=False
SENTRY_DSN=https://k@sentry.internal/1
GUNICORN_WORKERS=4
LAMBDA_INTERNAL_API_KEY=ik-22222
`;
export const unnamedKeys = ['DB_PORT', 'DEBUG', 'SENTRY_DSN', 'GUNICORN_WORKERS'];
/** A text without some keys. */
export const without = (keys: readonly string[], text = completeText) =>
  text
    .split('\n')
    .filter((line) => !keys.some((key) => line.startsWith(`${key}=`)))
    .join('\n');
export const wiped = 'LAMBDA_INTERNAL_API_KEY=ik-22222\n';
