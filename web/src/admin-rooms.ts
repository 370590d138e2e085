// The rooms, those with most people first; each opens a dialog with who is in it.

import type { RoomDialog } from "./admin-room.ts";
import { type Now, type Rates, short } from "./admin-state.ts";
import { byId, make } from "./dom.ts";

/** Rows that a browser shows without effort. */
const MOST_ROWS = 200;

type Room = Now["rooms"][number];

/** A row, which stays the same element as long as its room is shown. */
interface Row {
  readonly row: HTMLTableRowElement;
  readonly open: HTMLButtonElement;
  readonly waits: HTMLElement;
  readonly people: HTMLElement;
  readonly listeners: HTMLElement;
  readonly rate: HTMLElement;
}

export class Rooms {
  readonly #body = byId("rooms", HTMLTableSectionElement);
  readonly #note = byId("rooms-note", HTMLElement);
  readonly #filter = byId("filter", HTMLInputElement);
  readonly #rows = new Map<string, Row>();
  #now: Now | undefined;
  #rates: Rates | undefined;

  constructor(readonly dialog: RoomDialog) {
    this.#filter.addEventListener("input", () => this.#show());
    // The room may have gone with the last person in it.
    dialog.closed = (room) => (this.#rows.get(room)?.open ?? this.#filter).focus();
  }

  update(now: Now, rates: Rates | undefined): void {
    this.#now = now;
    this.#rates = rates;
    this.#show();
    this.dialog.refresh();
  }

  #show(): void {
    const now = this.#now;
    if (now === undefined) return;
    const wanted = this.#filter.value.trim().toLowerCase();
    const found = now.rooms.filter(({ room }) => room.toLowerCase().includes(wanted));
    this.#arrange(found.slice(0, MOST_ROWS));
    const shown = Math.min(found.length, MOST_ROWS);
    if (now.rooms_in_all === 0) this.#note.textContent = "Nobody is in a room.";
    else if (found.length === 0) this.#note.textContent = "No room has that in its code.";
    else if (shown < now.rooms_in_all && wanted === "")
      this.#note.textContent = `The ${short(shown)} with most people, of ${short(now.rooms_in_all)}.`;
    else this.#note.textContent = "";
  }

  #arrange(rooms: readonly Room[]): void {
    const active = document.activeElement;
    const focused = active instanceof HTMLElement && this.#body.contains(active) ? active : undefined;
    const here = new Set(rooms.map(({ room }) => room));
    for (const [room, { row }] of this.#rows) {
      if (here.has(room)) continue;
      row.remove();
      this.#rows.delete(room);
    }
    let next = this.#body.firstElementChild;
    for (const room of rooms) {
      const { row } = this.#row(room);
      if (row === next) next = next.nextElementSibling;
      else this.#body.insertBefore(row, next);
    }
    // The focus stays on the room that has it, wherever its row is now.
    if (focused !== undefined && focused !== document.activeElement)
      (focused.isConnected ? focused : this.#filter).focus();
  }

  #row({ room, people, listeners, is_under_pressure }: Room): Row {
    const known = this.#rows.get(room) ?? this.#make(room);
    known.waits.hidden = !is_under_pressure;
    write(known.people, short(people));
    write(known.listeners, short(listeners));
    write(known.rate, short(this.#rates?.rooms.get(room) ?? 0));
    return known;
  }

  #make(room: string): Row {
    const open = make("button", "admin-room", room);
    open.type = "button";
    open.dataset.room = room;
    open.title = room;
    open.addEventListener("click", () => void this.dialog.open(room));
    const waits = make("span", "admin-waits", "speakers wait");
    const people = make("td", "num");
    const listeners = make("td", "num wide");
    const rate = make("td", "num");
    const row = make("tr", "", make("td", "", open, waits), people, listeners, rate);
    const made = { row, open, waits, people, listeners, rate };
    this.#rows.set(room, made);
    return made;
  }
}

function write(cell: HTMLElement, text: string): void {
  if (cell.textContent !== text) cell.textContent = text;
}
