// The chat page: puts its parts together.

import { Composer } from "./composer.ts";
import { Connection } from "./connection.ts";
import { byId, make } from "./dom.ts";
import { Indicator } from "./indicator.ts";
import { Link } from "./link.ts";
import { Log } from "./log.ts";
import { Notify } from "./notify.ts";
import { groups } from "./roomcode.ts";
import { Sound } from "./sound.ts";
import { Unread } from "./unread.ts";

const { room = "", name = "", maxMsg = "" } = byId("chat", HTMLElement).dataset;
const loginUrl = `/v1?${new URLSearchParams({ room })}`;

const problemElement = byId("problem", HTMLElement);
function problem(text: string, ...more: Node[]): void {
  problemElement.replaceChildren(text, ...more);
}

const log = new Log(byId("log", HTMLElement), byId("empty", HTMLElement), byId("newer", HTMLButtonElement));
const unread = new Unread();
const sound = new Sound(byId("sound", HTMLButtonElement));
const notify = new Notify(byId("notify", HTMLButtonElement), room, problem);
const indicator = new Indicator(() => connection.retry());

const connection: Connection = new Connection(room, name, {
  state(state) {
    indicator.show(state);
    composer.setState(state);
    leave.disabled = state.why === "left";
  },
  message(text) {
    log.message(text);
    unread.message();
    notify.message(text);
    sound.chime();
  },
  status(text) {
    log.status(text);
  },
  missed(from, to) {
    log.gap(from, to);
  },
  joined(members, count) {
    log.present(members, count);
  },
  refused(code, message) {
    const link = make("a", "", code === "not_logged_in" ? "Log in again" : "Back to the login");
    link.href = loginUrl;
    problem(`The server did not let you in: ${message} `, link);
  },
});
const composer = new Composer(connection, problem, Number(maxMsg));

new Link(room);
byId("code", HTMLElement).replaceChildren(...groups(room).map((group) => make("span", "", group)));

const leave = byId("leave", HTMLButtonElement);
leave.hidden = false;
leave.addEventListener("click", async () => {
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

connection.open();
composer.focus();
