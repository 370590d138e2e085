// Who is banned, in all rooms, with a button that lifts it.

import { post } from "./admin-post.ts";
import { short } from "./admin-state.ts";
import { byId, make } from "./dom.ts";

interface Ban {
  room: string;
  name: string | null;
  address: string | null;
  /** In milliseconds since 1970. */
  until: number | null;
}

export class Bans {
  readonly #list = byId("bans", HTMLUListElement);
  readonly #note = byId("bans-note", HTMLElement);
  #shown = "";

  async refresh(): Promise<void> {
    const response = await fetch("/admin/bans").catch(() => undefined);
    // That it does not answer, the page says already.
    if (response?.ok !== true) return;
    const { count, bans } = (await response.json()) as { count: number; bans: Ban[] };
    const shown = JSON.stringify(bans);
    if (shown !== this.#shown) this.#list.replaceChildren(...bans.map((ban) => this.#item(ban)));
    this.#shown = shown;
    if (count > bans.length) this.#say(`${short(bans.length)} of ${short(count)} are shown.`);
    else this.#say(count === 0 ? "Nobody is banned." : "");
  }

  #item({ room, name, address, until }: Ban): HTMLLIElement {
    const who = name ?? address ?? "";
    const end = until === null ? "without an end" : `until ${new Date(until).toLocaleString("en-GB")}`;
    const what = make("span", "what", who, make("span", "sub", `${room}, ${end}`));
    const lift = make("button", "button", "Lift");
    lift.type = "button";
    lift.setAttribute("aria-label", `Lift the ban of ${who} in ${room}`);
    lift.addEventListener(
      "click",
      () => void this.#lift(lift, name === null ? { room, address } : { room, name }),
    );
    return make("li", "", what, lift);
  }

  async #lift(button: HTMLButtonElement, body: object): Promise<void> {
    button.disabled = true;
    const answer = await post("/admin/lift", body);
    await this.refresh();
    button.disabled = false;
    if (typeof answer === "string") this.#say(answer);
  }

  #say(text: string): void {
    if (this.#note.textContent !== text) this.#note.textContent = text;
  }
}
