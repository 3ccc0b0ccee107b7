/** Time limits that are over when a test says so, and not by the speed of the machine. */

/**
 * Stops the timers of the modules under test, until `jest.useRealTimers`; clocks, and whatever goes by events, go on.
 *
 * @returns lets so much of their time pass, in seconds.
 */
export function stopTimers(): (seconds: number) => void {
  const timers = jest.useFakeTimers({
    doNotFake: ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate'],
  });
  return (seconds) => {
    timers.advanceTimersByTime(seconds * 1000);
  };
}
