// The chat page: puts its parts together.

import { Composer } from "./composer.ts";
import { Connection } from "./connection.ts";
import { byId, make } from "./dom.ts";
import { Indicator } from "./indicator.ts";
import { Leave } from "./leave.ts";
import { Link } from "./link.ts";
import { Log } from "./log.ts";
import { Notify } from "./notify.ts";
import { groups } from "./roomcode.ts";
import { Sound } from "./sound.ts";
import { People } from "./speaker.ts";
import { Unread } from "./unread.ts";
import { fitToView } from "./viewport.ts";

/** A code of at most this many characters is shown large: a whole class may have to type it. */
const BRIEF = 16;
const page = byId("chat", HTMLElement);
const { room = "", name = "", maxMsg = "" } = page.dataset;
const loginUrl = `/v1?${new URLSearchParams({ room })}`;

const problemElement = byId("problem", HTMLElement);
function problem(text: string, ...more: Node[]): void {
  problemElement.replaceChildren(text, ...more);
}

const log = new Log(byId("log", HTMLElement), byId("empty", HTMLElement), byId("newer", HTMLButtonElement));
const people = new People();
const unread = new Unread();
const sound = new Sound(byId("sound", HTMLButtonElement));
const notify = new Notify(byId("notify", HTMLButtonElement), room, problem);
const indicator = new Indicator(() => connection.retry());

let hasEntered = false;
const connection: Connection = new Connection(room, name, {
  state(state) {
    indicator.show(state);
    composer.setState(state);
    leave.disabled = state.why === "left";
  },
  message(text) {
    const line = people.message(text);
    log.message(line);
    if (composer.isOwn(text)) return;
    unread.message();
    notify.message(line);
    sound.chime();
  },
  status(text) {
    log.status(people.status(text));
  },
  missed(from, to) {
    log.gap(from, to);
  },
  joined(members, count) {
    hasEntered = true;
    people.present(members);
    log.present(members, count);
  },
  refused(code, message) {
    const link = make("a", "", "Enter the room again");
    link.href = loginUrl;
    problem(`${code === "not_logged_in" ? lost(hasEntered) : `The server refused: ${message}`} `, link);
  },
});
const composer = new Composer(
  connection,
  {
    problem,
    sent() {
      log.toEnd();
    },
  },
  Number(maxMsg),
);

/** Why the server does not know the login of a page that it has made for one. */
function lost(hasEntered: boolean): string {
  return hasEntered
    ? "The server does not know your login any more: its time is over, the browser has deleted its cookies, or the server has a new key. What you have typed is kept."
    : "The server does not recognise your login on this connection. If that happens again, tell whoever runs the server: a proxy in front of it may change addresses.";
}

new Link(room);
const code = byId("code", HTMLElement);
code.replaceChildren(...groups(room).map((group) => make("span", "", group)));
code.classList.toggle("brief", room.length <= BRIEF);

const leave = new Leave(async () => {
  composer.forget();
  await connection.leave();
  location.assign(loginUrl);
});

addEventListener("online", () => connection.wake());
addEventListener("offline", () => connection.offline());
addEventListener("pageshow", (event) => {
  // Back from the browser's cache of pages: the connection is gone, perhaps on purpose.
  if (event.persisted) connection.retry();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) connection.wake();
});

fitToView(page);
connection.open();
composer.focus();
