// HTTP for the host's scripts. They are CommonJS without packages, because starting a process is most of their time.
const { request } = require('node:http');

/** Resolves with the status and the text of the answer; rejects if there is none. */
exports.ask = (url, { body, ...options } = {}) =>
  new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, ...options }, async (response) => {
      try {
        const chunks = [];
        for await (const chunk of response) chunks.push(chunk);
        resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString('utf8') });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
