// What Lambda's own runtime does around a handler: load it once, then one event after the other.
const [, , modulePath, exportName] = process.argv;
const handler = require(modulePath)[exportName];

process.on('message', async ({ event }) => {
  try {
    process.send({ result: (await handler(event)) ?? null });
  } catch (error) {
    const { name, message, stack } = error;
    const trace = String(stack).split('\n');
    // Lambda's runtime logs an error's own fields and its cause as well.
    console.error(JSON.stringify({ level: 'ERROR', ...error, cause: error.cause, name, message, trace }));
    process.send({ error: { errorType: name, errorMessage: message, trace } });
  }
});
