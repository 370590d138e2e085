// Which alert comes before which.

/** From the least serious on. */
export const LEVELS = ["info", "warning", "emergency"] as const;

interface Placed {
  readonly level: (typeof LEVELS)[number];
  readonly drill: boolean;
  readonly at: string;
}

/** What is real before every drill, then the most serious first, then the newest. */
export function inOrder<T extends Placed>(alerts: readonly T[]): T[] {
  const level = (alert: T): number => LEVELS.indexOf(alert.level);
  return [...alerts].sort(
    (one, other) =>
      Number(one.drill) - Number(other.drill) ||
      level(other) - level(one) ||
      Date.parse(other.at) - Date.parse(one.at),
  );
}
