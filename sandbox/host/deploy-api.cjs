// What `deploy_api_on_server.sh` does on a real host: fetches the env from Parameter Store and restarts the API.
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { setTimeout } = require('node:timers/promises');
const { ask } = require('./ask.cjs');

const { AWS_ENDPOINT_URL, ENV_VERSION, HOST_DIRECTORY, PARAMETER_NAME, SERVICE_MANAGER_URL } = process.env;

/** The version that the workflow has checked: what seems to be the newest may be an older one, since reads may lag. */
const selector = `${PARAMETER_NAME}:${ENV_VERSION}`;
const tries = 10;

// The sandbox needs no signature.
const read = () =>
  ask(AWS_ENDPOINT_URL, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonSSM.GetParameter' },
    body: JSON.stringify({ Name: selector, WithDecryption: true }),
  });

(async () => {
  let { status, body } = await read();
  for (let count = 1; status !== 200 && count < tries; count += 1) {
    await setTimeout(500);
    ({ status, body } = await read());
  }
  if (status !== 200) throw new Error(`Parameter Store answered ${status} ${JSON.parse(body).__type}`);
  const { Value, Version } = JSON.parse(body).Parameter;
  writeFileSync(join(HOST_DIRECTORY, '.env'), Value, { mode: 0o600 });
  console.log(`wrote .env from version ${Version} of ${PARAMETER_NAME}`);

  const restart = await ask(SERVICE_MANAGER_URL, { method: 'POST' });
  if (restart.status !== 204) throw new Error(`the service manager answered ${restart.status}`);
  console.log('restarted the API');
})();
