import { TestEnvironment } from 'jest-environment-node';

/**
 * Jest's own realm has an `Error` that errors from Node's core are no instances of, so that the SDK takes a cut
 * connection for something unknown. With the outer one it sees what it sees in production. The realm's own errors, such
 * as that of a text that is not JSON, have to be instances of it as well.
 */
export default class extends TestEnvironment {
  async setup() {
    await super.setup();
    this.global.Error = Error;
    for (const name of ['RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError'])
      Object.setPrototypeOf(this.global[name].prototype, Error.prototype);
  }
}
