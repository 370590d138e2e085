// A text that is too long for its box is turned like pages.

/** How many there are. */
export const pagesOf = ({ scrollHeight, clientHeight }: Element): number =>
  clientHeight === 0 ? 1 : Math.ceil((scrollHeight - 1) / clientHeight);

/** Shows the next one, or the first again. `part` is how much of a page is new; the rest was read before. */
export function turn(element: Element, part = 1): void {
  const { scrollTop, clientHeight, scrollHeight } = element;
  if (scrollHeight <= clientHeight + 1) return;
  element.scrollTop = scrollTop + clientHeight >= scrollHeight - 1 ? 0 : scrollTop + clientHeight * part;
}
