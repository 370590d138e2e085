// Lists of three texts each that the browser keeps, the newest first: one that is blocked or full keeps nothing.

export type Entry = readonly [string, string, string];

export function readEntries(key: string): Entry[] {
  try {
    const entries: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(entries) ? entries.filter(isEntry) : [];
  } catch {
    return [];
  }
}

/** Keeps the first of these, at most `most`. */
export function writeEntries(key: string, entries: readonly Entry[], most: number): void {
  try {
    if (entries.length === 0) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(entries.slice(0, most)));
  } catch {
    // Then the page does not know it when it is loaded again.
  }
}

const isEntry = (entry: unknown): entry is Entry =>
  Array.isArray(entry) && entry.length === 3 && entry.every((part) => typeof part === "string");
