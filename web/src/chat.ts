// The chat page: puts its parts together.

import { Announcer } from "./announcer.ts";
import { Composer, reason } from "./composer.ts";
import { Connection, type Refusal } from "./connection.ts";
import { CopyLink } from "./copy.ts";
import { byId, make } from "./dom.ts";
import { Indicator } from "./indicator.ts";
import { InviteDialog } from "./invitation.ts";
import { speakAsPage, text } from "./language.ts";
import { Leave } from "./leave.ts";
import { gapLine, messageLine, presenceLine, type Said } from "./lines.ts";
import { Log } from "./log.ts";
import { Notify } from "./notify.ts";
import { People } from "./people.ts";
import { Placeholder } from "./placeholder.ts";
import { groups } from "./roomcode.ts";
import { Sound } from "./sound.ts";
import { Unread } from "./unread.ts";
import { fitToView } from "./viewport.ts";

speakAsPage();
/** A code of at most this many characters is shown large: a whole class may have to type it. */
const BRIEF = 16;
const page = byId("chat", HTMLElement);
const { room = "", name = "", maxMsg = "" } = page.dataset;
const loginUrl = `/v1?${new URLSearchParams({ room })}`;
const link = new URL(loginUrl, location.href).href;

const problemElement = byId("problem", HTMLElement);
function problem(text: string, ...more: Node[]): void {
  problemElement.replaceChildren(text, ...more);
}

const placeholder = new Placeholder(room, link);
const log = new Log(byId("log", HTMLElement), placeholder.element, byId("newer", HTMLButtonElement));
const people = new People(name);
const announcer = new Announcer(byId("heard", HTMLElement));
const unread = new Unread(() => log.mark());
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
  message(said) {
    const isFromHere = composer.isOwn(said);
    if (!isFromHere) unread.message();
    log.append(messageLine(said));
    if (isFromHere) return;
    const words = isolated(said);
    announcer.message(words);
    notify.message(words);
    sound.chime();
  },
  entered(name) {
    log.append(presenceLine("entered", name, Date.now()));
    people.entered(name);
    placeholder.others(people.count - 1);
  },
  left(name) {
    log.append(presenceLine("left", name, Date.now()));
    people.left(name);
    placeholder.others(people.count - 1);
  },
  missed(from, to) {
    log.append(gapLine(from, to));
  },
  joined(members, count) {
    hasEntered = true;
    people.present(members, count);
    placeholder.others(count - 1);
    announcer.message(`${text("you_are_in")} ${text("people", { count })}`);
  },
  refused(refusal) {
    const again = make("a", "", text("enter_again"));
    again.href = loginUrl;
    problem(`${whyRefused(refusal)} `, again);
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

/** What else than the login may be wrong is the server's to say: the page was made for a login that it knew. */
function whyRefused(refusal: Refusal): string {
  if (refusal.code === "not_logged_in") return text(hasEntered ? "login_lost" : "login_strange");
  return text("refused", { reason: reason(refusal) });
}

/** A message as a string that other programs show: no name turns the text after it. */
function isolated({ name, text }: Said): string {
  return name === "" ? text : `\u2068${name}\u2069: ${text}`;
}

new CopyLink(link);
new InviteDialog(room, link);
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
