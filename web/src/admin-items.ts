// Lists of the admin page that are asked for again and again: what stays keeps its row, and whoever is there with the keyboard
// stays there too.

import { make } from "./dom.ts";

interface Row {
  readonly shown: string;
  readonly row: HTMLLIElement;
}

export class Items<T> {
  #rows = new Map<string, Row>();

  /** `otherwise` has the focus when there is nothing left to have it. */
  constructor(
    readonly list: HTMLUListElement,
    readonly otherwise: HTMLElement,
    readonly key: (item: T) => string,
    readonly row: (item: T) => HTMLLIElement,
  ) {}

  show(items: readonly T[]): void {
    const focused = document.activeElement;
    const before = [...this.#rows.keys()];
    const place = before.findIndex((key) => this.#rows.get(key)?.row.contains(focused));
    const key = before[place];
    const button = this.#buttons(key).indexOf(focused as HTMLButtonElement);
    this.#arrange(items);
    if (key === undefined || document.activeElement === focused) return;
    const after = [...this.#rows.keys()];
    const buttons = this.#buttons(this.#rows.has(key) ? key : (after[place] ?? after.at(-1)));
    (buttons[button] ?? buttons.at(-1) ?? this.otherwise).focus();
  }

  #arrange(items: readonly T[]): void {
    const known = this.#rows;
    this.#rows = new Map(
      items.map((item) => {
        const [key, shown] = [this.key(item), JSON.stringify(item)];
        const row = known.get(key);
        return [key, row?.shown === shown ? row : { shown, row: this.row(item) }];
      }),
    );
    const rows = [...this.#rows.values()].map(({ row }) => row);
    for (const { row } of known.values()) if (!rows.includes(row)) row.remove();
    let next = this.list.firstElementChild;
    for (const row of rows) {
      if (row === next) next = next.nextElementSibling;
      else this.list.insertBefore(row, next);
    }
  }

  #buttons(key: string | undefined): HTMLButtonElement[] {
    return [...(this.#rows.get(key ?? "")?.row.querySelectorAll("button") ?? [])];
  }
}

/** A button that does one thing at a time. It is not disabled meanwhile: it would lose the focus. */
export function deed(name: string, label: string, does: () => Promise<void>): HTMLButtonElement {
  const button = make("button", "button", name);
  button.type = "button";
  button.setAttribute("aria-label", label);
  let isBusy = false;
  button.addEventListener("click", async () => {
    if (isBusy) return;
    isBusy = true;
    await does();
    isBusy = false;
  });
  return button;
}
