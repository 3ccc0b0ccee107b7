/** What `deploy_api_on_server.sh` is on a real host: fetches the env from Parameter Store and restarts the API. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import * as v from 'valibot';

const { HOST_DIRECTORY, PARAMETER_NAME, SERVICE_MANAGER_URL } = v.parse(
  v.object({ HOST_DIRECTORY: v.string(), PARAMETER_NAME: v.string(), SERVICE_MANAGER_URL: v.string() }),
  process.env,
);

const { Parameter } = await new SSMClient().send(
  new GetParameterCommand({ Name: PARAMETER_NAME, WithDecryption: true }),
);
writeFileSync(join(HOST_DIRECTORY, '.env'), Parameter?.Value ?? '', { mode: 0o600 });
console.log(`wrote .env from version ${Parameter?.Version} of ${PARAMETER_NAME}`);

const restart = await fetch(SERVICE_MANAGER_URL, { method: 'POST' });
if (!restart.ok) throw new Error(`the service manager answered ${restart.status}`);
console.log('restarted the API');
