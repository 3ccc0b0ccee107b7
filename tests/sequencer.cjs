// The longest first: whole runs mostly wait, and one that starts last would be waited for alone.
const { default: Sequencer } = require('@jest/test-sequencer');

const longest = [
  'redrive',
  'lagging-reads',
  'start',
  'tour',
  'scenarios',
  'triggers',
  'single-flight',
  'deploy-api-watching',
  'lease',
  'doctor',
  'approval',
];

module.exports = class extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const index = longest.findIndex((name) => path.endsWith(`${name}.test.ts`));
      return index === -1 ? longest.length : index;
    };
    return [...tests].sort((one, other) => rank(one) - rank(other));
  }
};
