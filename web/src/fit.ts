// Makes a text as large as its box.

/** In hundredths of the shorter side of the view: what is smaller cannot be read from 10 m, what is larger is no text. */
export const LEAST = 5;
const MOST = 17;
const STEP = 0.25;

export function fit(element: HTMLElement): void {
  let [low, high] = [LEAST, MOST];
  while (high - low > STEP) {
    const middle = (low + high) / 2;
    if (fitsAt(element, middle)) low = middle;
    else high = middle;
  }
  element.style.fontSize = `${low}vmin`;
}

/** Makes it so large, and says whether its box holds it. */
export function fitsAt(element: HTMLElement, size: number): boolean {
  element.style.fontSize = `${size}vmin`;
  return element.scrollHeight <= element.clientHeight && element.scrollWidth <= element.clientWidth;
}
