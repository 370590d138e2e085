// The words of the page's language, where the service worker finds them: the browser's cache of the site. Nothing of the page
// itself is in there, so it can never be out of date.

import { type Catalogue, speak } from "./language.ts";

const CACHE = "alert-words";
const KEY = "/v1/words";

interface Kept {
  readonly language: string;
  readonly texts: Catalogue;
}

export async function keepWords(language: string, texts: Catalogue): Promise<void> {
  const kept: Kept = { language, texts };
  const cache = await caches.open(CACHE);
  await cache.put(KEY, new Response(JSON.stringify(kept)));
}

/** Speaks as the page did last, if that is known. */
export async function speakAsKept(): Promise<void> {
  const cache = await caches.open(CACHE);
  const found = await cache.match(KEY);
  if (found === undefined) return;
  const { language, texts } = (await found.json()) as Kept;
  speak(language, texts);
}
