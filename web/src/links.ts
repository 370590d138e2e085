// Finds links in what people write: http, https and mailto, written out, or a mail address. Everything else is text.

import { LinkifyIt } from "linkify-it";

/** A piece of a text; `href` if it is a link. */
export interface Piece {
  readonly text: string;
  readonly href?: string;
}

// Without "fuzzy" links: main.py and notes.md would be two.
const finder = new LinkifyIt({ fuzzyLink: false, fuzzyIP: false }).add("ftp:", null).add("//", null);
/** Characters that reverse text could make an address look like another one. */
const TURNS = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/;
const SAFE = /^(?:https?|mailto):/i;

/** The text in pieces; joined, they are the original text. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const { index, lastIndex, url } of finder.match(text) ?? []) {
    const raw = text.slice(index, lastIndex);
    if (!SAFE.test(url) || TURNS.test(raw) || !isAddress(url)) continue;
    if (index > end) found.push({ text: text.slice(end, index) });
    found.push({ text: raw, href: url });
    end = lastIndex;
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

function isAddress(url: string): boolean {
  try {
    new URL(url);
    return true;
  } catch {
    return false;
  }
}
