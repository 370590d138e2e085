// When a countdown is said aloud: only where somebody has to know it, not each second.

/** So many seconds before its end. */
export const MARKS = [10, 60, 300] as const;

/** The mark that was passed between two looks at what is left (ms), if there is one. */
export function passed(before: number, left: number): number | undefined {
  if (left <= 0) return undefined;
  return MARKS.find((mark) => before > mark * 1_000 && left <= mark * 1_000);
}
