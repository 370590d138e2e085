// Makes a text as large as its box.

/** In hundredths of the shorter side of the view: what is smaller cannot be read from 10 m, what is larger is no text. */
const LEAST = 5;
const MOST = 17;
const STEP = 0.25;

export function fit(element: HTMLElement): void {
  let [low, high] = [LEAST, MOST];
  while (high - low > STEP) {
    const middle = (low + high) / 2;
    element.style.fontSize = `${middle}vmin`;
    const fits = element.scrollHeight <= element.clientHeight && element.scrollWidth <= element.clientWidth;
    if (fits) low = middle;
    else high = middle;
  }
  element.style.fontSize = `${low}vmin`;
}
