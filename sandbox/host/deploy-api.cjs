// What `deploy_api_on_server.sh` does on a real host: fetches the env from Parameter Store and restarts the API.
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { ask } = require('./ask.cjs');

const { AWS_ENDPOINT_URL, HOST_DIRECTORY, PARAMETER_NAME, SERVICE_MANAGER_URL } = process.env;

(async () => {
  // The sandbox needs no signature.
  const { status, body } = await ask(AWS_ENDPOINT_URL, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonSSM.GetParameter' },
    body: JSON.stringify({ Name: PARAMETER_NAME, WithDecryption: true }),
  });
  if (status !== 200) throw new Error(`Parameter Store answered ${status} ${JSON.parse(body).__type}`);
  const { Value, Version } = JSON.parse(body).Parameter;
  writeFileSync(join(HOST_DIRECTORY, '.env'), Value, { mode: 0o600 });
  console.log(`wrote .env from version ${Version} of ${PARAMETER_NAME}`);

  const restart = await ask(SERVICE_MANAGER_URL, { method: 'POST' });
  if (restart.status !== 204) throw new Error(`the service manager answered ${restart.status}`);
  console.log('restarted the API');
})();
