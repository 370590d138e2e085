// Who is banned, in all rooms, with a button that lifts it.

import { deed, Items } from "./admin-items.ts";
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
  readonly #items = new Items<Ban>(
    byId("bans", HTMLUListElement),
    byId("bans-title", HTMLElement),
    ({ room, name, address }) => `${room} ${name === null ? address : `name ${name}`}`,
    (ban) => this.#item(ban),
  );
  readonly #note = byId("bans-note", HTMLElement);

  async refresh(): Promise<void> {
    const response = await fetch("/admin/bans").catch(() => undefined);
    // That it does not answer, the page says already.
    if (response?.ok !== true) return;
    const { count, bans } = (await response.json()) as { count: number; bans: Ban[] };
    this.#items.show(bans);
    if (count > bans.length) this.#say(`${short(bans.length)} of ${short(count)} are shown.`);
    else this.#say(count === 0 ? "Nobody is banned." : "");
  }

  #item({ room, name, address, until }: Ban): HTMLLIElement {
    const who = name ?? address ?? "";
    const end = until === null ? "without an end" : `until ${new Date(until).toLocaleString("en-GB")}`;
    const what = make("span", "what", who, make("span", "sub", `${room}, ${end}`));
    const lift = deed("Lift", `Lift the ban of ${who} in ${room}`, () =>
      this.#lift(name === null ? { room, address } : { room, name }),
    );
    return make("li", "", what, lift);
  }

  async #lift(body: object): Promise<void> {
    const answer = await post("/admin/lift", body);
    await this.refresh();
    if (typeof answer === "string") this.#say(answer);
  }

  #say(text: string): void {
    if (this.#note.textContent !== text) this.#note.textContent = text;
  }
}
