// Room codes: making a fresh one, and showing one so that it can be read aloud.

/** Crockford's alphabet, which has none of I, L, O and U, without the vowels that are left: no code is a word. */
const ALPHABET = "0123456789BCDFGHJKMNPQRSTVWXYZ";
const LENGTH = 9;
/** What tells a made code from a word that people chose: see "Room codes" in docs/protocol-v1.md. */
const MARK = /[2-9].*[A-Z]/;

/** A code that can be said and typed: nine characters in threes, 44 random bits. */
export function freshCode(): string {
  let code = "";
  while (!MARK.test(code)) code = Array.from({ length: LENGTH }, character).join("");
  return code.replace(/(...)(...)(...)/, "$1-$2-$3");
}

function character(): string {
  const most = 256 - (256 % ALPHABET.length);
  for (;;) {
    // Higher bytes would make the first characters more likely than the others.
    const [byte = most] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < most) return ALPHABET.charAt(byte % ALPHABET.length);
  }
}

/** A code of 32 hex digits in eight groups of four; any other code stays whole. */
export function groups(code: string): string[] {
  return /^[0-9A-F]{32}$/i.test(code) ? (code.match(/.{4}/g) ?? [code]) : [code];
}
