const { default: Sequencer } = require('@jest/test-sequencer');

/** Rooms whose suites start processes and take longest, the slowest first: begun last they would run alone at the end. */
const LONGEST = ['crash/sweep', 'crash/crowd', 'crash/', 'flows/outages', 'faults/', 'sandbox/start', 'flows/'];

/** On a fresh clone jest does not know yet how long a suite takes. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path }) => {
      const index = LONGEST.findIndex((room) => path.includes(`/test/${room}`));
      return index < 0 ? LONGEST.length : index;
    };
    return super.sort(tests).sort((a, b) => place(a) - place(b));
  }
};
