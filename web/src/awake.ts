// The display stays on while the screen is shown, where the browser can do that (in a secure context, from Chromium 84).

export function stayAwake(): void {
  const ask = (): void => {
    if (document.hidden || !("wakeLock" in navigator)) return;
    // Refused, say while the battery is low: the next time it is asked again.
    navigator.wakeLock.request("screen").catch(() => {});
  };
  // The browser ends it whenever the page is hidden.
  document.addEventListener("visibilitychange", ask);
  ask();
}
