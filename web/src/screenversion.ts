// A page of an older version than the server's is loaded anew, so that a screen that nobody touches is up to date.

const own = document.querySelector<HTMLScriptElement>("script[type=module]")?.src;

/** Loads the page anew, if the server has another one now. */
export async function reloadIfOld(): Promise<void> {
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const script = page.querySelector("script[type=module]")?.getAttribute("src");
    if (script !== null && script !== undefined && new URL(script, location.href).href !== own)
      location.reload();
  } catch {
    // No answer: the connection will be back, and this with it.
  }
}
