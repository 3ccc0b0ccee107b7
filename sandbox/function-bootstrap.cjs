// What Lambda's own runtime does around a handler, in a thread: loads it, then handles one event after the other.
const { enableCompileCache, flushCompileCache } = require('node:module');
const { Socket } = require('node:net');
const timers = require('node:timers/promises');
const tls = require('node:tls');
const { parentPort, workerData } = require('node:worker_threads');

const { compileCache } = workerData;
if (compileCache !== undefined) enableCompileCache(compileCache);

/** Where and how fast the current function runs. */
let surroundings = { network: {}, speedUp: 1 };

// An address in the stack leads to the sandbox's own server for it.
const { connect } = Socket.prototype;
const sockets = new Set();
Socket.prototype.connect = function (...given) {
  // `net.connect` and what is built on it pass a list of options and callback.
  const [options, ...rest] = Array.isArray(given[0]) ? given[0] : given;
  const port = surroundings.network[`${options?.host ?? 'localhost'}:${options?.port}`];
  if (port === undefined) return connect.apply(this, given);
  sockets.add(this);
  this.once('close', () => sockets.delete(this));
  return connect.call(this, { ...options, host: '127.0.0.1', port }, ...rest);
};

/** Sockets that are still connected to another sandbox must not be used for an address in this one. */
function move(next) {
  if (next.sandbox !== surroundings.sandbox) for (const socket of sockets) socket.destroy();
  surroundings = next;
}

// The endpoint's certificate is made up: nobody else vouches for it.
const { createSecureContext } = tls;
tls.createSecureContext = (options) => {
  const made = createSecureContext(options);
  if (surroundings.certificate !== undefined) made.context.addCACert(surroundings.certificate);
  return made;
};

const { setTimeout: wait } = timers;
timers.setTimeout = (milliseconds, ...rest) => wait(milliseconds / surroundings.speedUp, ...rest);

// By the same channel as the answers, so that no line comes after the answer that it belongs to.
for (const stream of [process.stdout, process.stderr]) {
  stream.write = (chunk, ...rest) => {
    parentPort.postMessage({ log: String(chunk) });
    rest.find((one) => typeof one === 'function')?.();
    return true;
  };
}

/** The loaded handlers by their module's path, with the configuration that they were loaded with. */
const loaded = new Map();
let current;

function handlerOf({ key, modulePath, exportName, environment }) {
  if (current !== key) {
    for (const name of Object.keys(process.env)) delete process.env[name];
    Object.assign(process.env, environment);
    current = key;
  }
  const known = loaded.get(modulePath);
  if (known?.key === key) return known.handler;
  // What a module reads while it loads may differ with another configuration.
  delete require.cache[modulePath];
  const handler = require(modulePath)[exportName];
  loaded.set(modulePath, { key, handler });
  return handler;
}

parentPort.on('message', async ({ surroundings: next, configuration, event }) => {
  move(next);
  const handler = handlerOf(configuration);
  parentPort.postMessage({ loaded: true });
  const answer = (message) => parentPort.postMessage({ answer: JSON.stringify(message) });
  try {
    answer({ result: (await handler(JSON.parse(event))) ?? null });
  } catch (error) {
    const { name, message, stack } = error;
    const trace = String(stack).split('\n');
    // Lambda's runtime logs an error's own fields and its cause as well.
    console.error(JSON.stringify({ level: 'ERROR', ...error, cause: error.cause, name, message, trace }));
    answer({ error: { errorType: name, errorMessage: message, trace } });
  }
  // The next thread can use what was compiled here.
  if (compileCache !== undefined) flushCompileCache();
});
