// The page for whoever runs the server: asks how it is every two seconds, and shows it.

import { Bans } from "./admin-bans.ts";
import { Letters } from "./admin-letters.ts";
import { post } from "./admin-post.ts";
import { RoomDialog } from "./admin-room.ts";
import { Rooms } from "./admin-rooms.ts";
import { bytes, duration, grown, type Node, type Now, rates, type Slow, short } from "./admin-state.ts";
import { Tiles } from "./admin-tiles.ts";
import { Ask } from "./ask.ts";
import { byId, make } from "./dom.ts";
import { speakAsPage } from "./language.ts";

/** Between two answers. */
const PAUSE = 2000;
/** What is not answered by then is a failure. */
const LIMIT = 10_000;

speakAsPage();
const state = byId("state", HTMLElement);
const tiles = new Tiles();
const sure = new Ask("Cancel");
const rooms = new Rooms(new RoomDialog(sure));
const bans = new Bans();
const letters = new Letters(sure);
let first: Now | undefined;
let last: Now | undefined;

async function ask(): Promise<void> {
  try {
    const response = await fetch("/admin/state", { signal: AbortSignal.timeout(LIMIT) });
    // The token counts no longer: the server asks for one.
    if (response.status === 401) return location.reload();
    if (!response.ok) throw new Error(await response.text());
    show((await response.json()) as Now);
    void bans.refresh();
    void letters.refresh();
  } catch {
    state.dataset.state = "away";
    say(state, "The server does not answer");
  }
  setTimeout(() => void next(), PAUSE);
}

/** Nobody looks at a page that is hidden. */
async function next(): Promise<void> {
  if (document.hidden)
    await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  await ask();
}

function show(now: Now): void {
  if (first === undefined || first.started !== now.started) first = now;
  const changed = last === undefined ? undefined : rates(last, now);
  last = now;
  state.dataset.state = "live";
  say(state, now.is_draining ? "Going away: clients are sent elsewhere" : "Live");
  byId("about", HTMLElement).textContent = `Version ${now.version}, up for ${duration(now.at - now.started)}`;
  list(
    "troubles",
    now.troubles.map((trouble) => make("li", "", trouble)),
  );
  byId("troubles", HTMLElement).hidden = now.troubles.length === 0;
  tiles.update(now, changed);
  rooms.update(now, changed);
  list("slow", now.slow.map(slow));
  say(byId("slow-note", HTMLElement), now.slow.length === 0 ? "Nobody." : "");
  byId("nodes-card", HTMLElement).hidden = now.nodes.length === 0;
  list(
    "nodes",
    now.nodes.map((one) => node(one, now.at)),
  );
  list("closed", counted(grown(first.totals.closed, now.totals.closed)));
  list("refused", counted(grown(first.totals.refused, now.totals.refused)));
}

function slow({ connection, who, bytes: waiting, reads }: Slow): HTMLLIElement {
  const what = make("span", "what", who ?? `connection ${connection}`);
  const note = reads ? "reads slowly: its rooms wait for it" : "does not read: it will be closed";
  what.append(make("span", "sub", `${note}; connection ${connection}`));
  return make("li", "", what, make("span", "num", bytes(waiting)));
}

function node(
  { name, is_this, version, address, started, connections, lag }: Node,
  at: number,
): HTMLLIElement {
  const what = make("span", "what", address ?? name);
  const parts = [
    is_this ? "this one" : "",
    `version ${version}`,
    `up for ${duration(at - started)}`,
    `Redis answers in ${lag} ms`,
  ];
  what.append(make("span", "sub", parts.filter((part) => part !== "").join(", ")));
  return make("li", "", what, make("span", "num", `${short(connections)} conn.`));
}

function counted(all: [string, number][]): HTMLLIElement[] {
  if (all.length === 0) return [make("li", "hint", "None.")];
  return all.map(([kind, count]) =>
    make("li", "", make("span", "what", kind.replaceAll("_", " ")), make("span", "num", short(count))),
  );
}

function list(id: string, items: HTMLElement[]): void {
  byId(id, HTMLUListElement).replaceChildren(...items);
}

/** Screen readers hear only what is new. */
function say(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function announce(): void {
  const form = byId("say", HTMLFormElement);
  const name = byId("say-name", HTMLInputElement);
  const message = byId("say-text", HTMLTextAreaElement);
  const said = byId("said", HTMLElement);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const isFarther = (last?.nodes.length ?? 0) > 1;
    const question = {
      title: isFarther
        ? "Say this in the rooms of all servers?"
        : `Say this in ${inRooms(last?.rooms_in_all ?? 0)}?`,
      text: "Everybody there sees it at once.",
      quote: `${name.value}: ${message.value}`,
      yes: "Say it",
      isHarmless: true,
    };
    if (!(await sure.ask(question))) return;
    const answer = await post("/admin/announce", { name: name.value, text: message.value });
    if (typeof answer === "string") return say(said, answer);
    message.value = "";
    say(said, `Said in ${inRooms((answer as { rooms: number }).rooms)}.`);
  });
}

const inRooms = (count: number): string => `${short(count)} ${count === 1 ? "room" : "rooms"}`;

announce();
void ask();
