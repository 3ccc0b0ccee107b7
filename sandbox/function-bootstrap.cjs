// What Lambda's own runtime does around a handler: load it once, then one event after the other.
const [, , modulePath, exportName] = process.argv;
const handler = require(modulePath)[exportName];

process.on('message', async ({ event }) => {
  try {
    process.send({ result: (await handler(event)) ?? null });
  } catch (error) {
    const { name, message, stack } = error;
    const trace = String(stack).split('\n');
    console.error(
      JSON.stringify({ level: 'ERROR', errorType: name, errorMessage: message, stackTrace: trace }),
    );
    process.send({ error: { errorType: name, errorMessage: message, trace } });
  }
});
