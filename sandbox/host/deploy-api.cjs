// What `deploy_api_on_server.sh` does on a real host: fetches the env from Parameter Store and restarts the API.
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { setTimeout } = require('node:timers/promises');
const { ask } = require('./ask.cjs');

const { AWS_ENDPOINT_URL, ENV_VERSION, HOST_DIRECTORY, PARAMETER_NAME, SERVICE_MANAGER_URL } = process.env;

const tries = 10;

// The sandbox needs no signature.
async function call(operation, input) {
  const { status, body } = await ask(AWS_ENDPOINT_URL, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `AmazonSSM.${operation}` },
    body: JSON.stringify({ ...input, WithDecryption: true }),
  });
  if (status !== 200) throw new Error(`Parameter Store answered ${status} ${JSON.parse(body).__type}`);
  return JSON.parse(body);
}

/** The version that the workflow has checked: what seems to be the newest may be an older one, since reads may lag. */
async function readOne() {
  const { Parameter } = await call('GetParameter', { Name: `${PARAMETER_NAME}:${ENV_VERSION}` });
  return { text: Parameter.Value, version: Parameter.Version };
}

/** Of several parameters, the sum of the versions tells whether a read is as new. */
function atLeast({ text, version }) {
  if (version < Number(ENV_VERSION)) throw new Error(`Parameter Store shows version ${version} only`);
  return { text, version };
}

const sumOf = (parameters) => parameters.reduce((sum, { Version }) => sum + Version, 0);

async function readTexts() {
  const parameters = [];
  for (const Name of PARAMETER_NAME.split(','))
    parameters.push((await call('GetParameter', { Name })).Parameter);
  const texts = parameters.map(({ Name, Value }) => `#:parameter ${Name}\n${Value.replace(/\n?$/, '\n')}`);
  return atLeast({ text: texts.join(''), version: sumOf(parameters) });
}

async function readPath() {
  const parameters = [];
  for (let page = {}; page; ) {
    const { Parameters, NextToken } = await call('GetParametersByPath', { Path: PARAMETER_NAME, ...page });
    parameters.push(...Parameters);
    page = NextToken === undefined ? undefined : { NextToken };
  }
  const lines = parameters.map(
    ({ Name, Value }) => `${Name.slice(PARAMETER_NAME.length)}=${JSON.stringify(Value)}\n`,
  );
  return atLeast({ text: lines.join(''), version: sumOf(parameters) });
}

const read = PARAMETER_NAME.endsWith('/') ? readPath : PARAMETER_NAME.includes(',') ? readTexts : readOne;

async function readInTime() {
  for (let count = 1; count < tries; count += 1) {
    try {
      return await read();
    } catch {
      await setTimeout(500);
    }
  }
  return await read();
}

(async () => {
  const { text, version } = await readInTime();
  writeFileSync(join(HOST_DIRECTORY, '.env'), text, { mode: 0o600 });
  console.log(`wrote .env from version ${version} of ${PARAMETER_NAME}`);

  const restart = await ask(SERVICE_MANAGER_URL, { method: 'POST' });
  if (restart.status !== 204) throw new Error(`the service manager answered ${restart.status}`);
  console.log('restarted the API');
})();
