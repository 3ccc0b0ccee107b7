// In place of a metric function of the target's owner: asks the endpoint with the variables that the target sets, and
// publishes the number, if the target has a metric. Without packages, as the host's scripts are.
const { readFileSync } = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const { join } = require('node:path');

const target = JSON.parse(readFileSync(join(__dirname, 'target.json'), 'utf8'));
const { variables, metric } = target;
const { env } = process;

/** Resolves with the status and the text of the answer; rejects if there is none. */
const ask = (address, { body, ...options }) =>
  new Promise((resolve, reject) => {
    const { request } = address.startsWith('https:') ? https : http;
    const outgoing = request(address, { agent: false, ...options }, async (response) => {
      try {
        const chunks = [];
        for await (const chunk of response) chunks.push(chunk);
        const { statusCode: status, headers: answered } = response;
        resolve({ status, answered, body: Buffer.concat(chunks).toString('utf8') });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.setTimeout(target.timeoutSeconds * 1000, () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', reject);
    outgoing.end(body);
  });

/** A text on the way is read as JSON. */
const parsed = (value) => (typeof value === 'string' ? JSON.parse(value) : value);

async function countBacklog() {
  // What the target removes sends a Host that the API refuses, as long as it is there.
  const host = [...variables.removed, variables.host].map((name) => env[name]).find(Boolean);
  const headers = { Accept: 'application/json', ...target.headers, ...(host && { Host: host }) };
  for (const { name, scheme, variable } of target.secretHeaders)
    headers[name] = `${scheme}${env[variable] ?? ''}`;
  const { method } = target;
  const { status, answered, body } = await ask(env[variables.url] ?? target.url, { method, headers });
  if (!target.expectStatus.includes(status)) throw new Error(`HTTP ${status}`);
  // It takes its number from elsewhere.
  if (target.backlogPath === undefined) return Number(answered[target.backlogHeader]);
  const value = target.backlogPath.split('.').reduce((holder, name) => parsed(holder)?.[name], body);
  if (typeof value !== 'number') throw new Error(`no number at ${target.backlogPath}`);
  return value;
}

async function publish(value) {
  const { namespace, name, dimensions, unit, periodSeconds } = metric;
  const datum = {
    MetricName: name,
    Dimensions: dimensions,
    Value: value,
    Unit: unit ?? 'Count',
    Timestamp: Date.now() / 1000,
    StorageResolution: periodSeconds < 60 ? 1 : 60,
  };
  const { status } = await ask(env.AWS_ENDPOINT_URL, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'GraniteServiceVersion20100801.PutMetricData',
    },
    body: JSON.stringify({ Namespace: namespace, MetricData: [datum] }),
  });
  if (status !== 200) throw new Error(`CloudWatch answered ${status}`);
}

exports.handler = async () => {
  let backlog = null;
  try {
    backlog = await countBacklog();
  } catch (error) {
    console.error(`backlog not counted: ${error.message}`);
  }
  if (backlog !== null && metric) await publish(backlog);
  return target.answerPath.split('.').reduceRight((inner, name) => ({ [name]: inner }), backlog);
};
