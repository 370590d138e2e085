// How long a message may be. The server counts bytes of UTF-8, so the page does too.

const encoder = new TextEncoder();

/** By how many bytes the text is too long; 0 if it fits. */
export function excess(text: string, limit: number): number {
  // A UTF-16 unit takes at most three bytes: most texts need no counting.
  if (text.length * 3 <= limit) return 0;
  return Math.max(0, encoder.encode(text).length - limit);
}
