// Room codes: making a fresh one, and showing one so that it can be read aloud.

/** A code that nobody can guess: 128 random bits as 32 hex digits. */
export function freshCode(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .toUpperCase();
}

/** A fresh-looking code in eight groups of four; any other code stays whole. */
export function groups(code: string): string[] {
  return /^[0-9A-F]{32}$/i.test(code) ? (code.match(/.{4}/g) ?? [code]) : [code];
}
