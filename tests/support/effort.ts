/** In microseconds of this process's own time, whatever else the machine does. */
function effortOf(run: () => unknown): number {
  const before = process.cpuUsage();
  run();
  return process.cpuUsage(before).user;
}

/**
 * Whether a long text takes about as much effort as eight of an eighth of its length. If effort grew with the square of
 * the length, it would be eight times as much.
 */
export function growsWithLength(long: () => unknown, short: () => unknown): boolean {
  const isLittle = () =>
    effortOf(long) < 4 * effortOf(() => Array.from({ length: 8 }, () => short())) + 2_000;
  return [1, 2, 3, 4, 5].some(isLittle);
}
