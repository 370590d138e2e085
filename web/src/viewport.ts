// Fits the page into what can be seen of it. Over an open keyboard that is less than the window: Android can be told
// to shrink the window, iOS cannot.

/** Below this height (CSS pixels) everything but the lines is made as small as it may be. */
const SHORT = 480;

export function fitToView(page: HTMLElement): void {
  const view = window.visualViewport;
  if (view === null) return;
  const fit = (): void => {
    // Whoever zooms in sees less of the page, but its size is the same.
    const height = Math.round(view.height * view.scale);
    page.style.setProperty("--height", `${height}px`);
    page.classList.toggle("short", height < SHORT);
    // iOS scrolls the whole page up to show the input, although the page already ends above the keyboard.
    if (view.scale === 1 && view.offsetTop > 0) scrollTo(0, 0);
  };
  view.addEventListener("resize", fit);
  fit();
}
