// A stable colour for each name: everybody sees the same one, on every device and every day.

/** This many colours can still be told apart; the style sheet keeps each readable (log.css). */
const HUES = 24;

/** The hue of a name, in degrees. */
export function hue(name: string): number {
  // FNV-1a over UTF-16 units, mixed once more: names that differ in their last letter are far apart.
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 13;
  return ((hash >>> 0) % HUES) * (360 / HUES);
}

/** Gives an element the colour of a name. The page's policy forbids style attributes in markup, not this. */
export function paint(element: HTMLElement, name: string): void {
  element.style.setProperty("--hue", String(hue(name)));
}
