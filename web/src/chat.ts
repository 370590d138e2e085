// The chat page: puts its parts together.

import { Announcer } from "./announcer.ts";
import { Composer, reason } from "./composer.ts";
import { type Arrival, Connection } from "./connection.ts";
import { CopyLink } from "./copy.ts";
import { byId, make } from "./dom.ts";
import { Earlier } from "./earlier.ts";
import { Indicator } from "./indicator.ts";
import { InviteDialog } from "./invitation.ts";
import { speakAsPage, text } from "./language.ts";
import { Leave } from "./leave.ts";
import { gapLine, messageLine, presenceLine, type Said } from "./lines.ts";
import { Log } from "./log.ts";
import { Notify } from "./notify.ts";
import type { Refusal } from "./outbox.ts";
import { People } from "./people.ts";
import { Placeholder } from "./placeholder.ts";
import { groups } from "./roomcode.ts";
import { Seen } from "./seen.ts";
import { Sound } from "./sound.ts";
import { Unread } from "./unread.ts";
import { fitToView } from "./viewport.ts";

speakAsPage();
/** A code of at most this many characters is shown large: a whole class may have to type it. */
const BRIEF = 16;
const page = byId("chat", HTMLElement);
const { room = "", name = "", maxMsg = "", durable } = page.dataset;
const loginUrl = `/v1?${new URLSearchParams({ room })}`;
const link = new URL(loginUrl, location.href).href;

const problemElement = byId("problem", HTMLElement);
function problem(text: string, ...more: Node[]): void {
  problemElement.replaceChildren(text, ...more);
}

const placeholder = new Placeholder(room, link);
const log: Log = new Log(
  byId("log", HTMLElement),
  placeholder.element,
  byId("newer", HTMLButtonElement),
  () => {
    earlier.more = true;
  },
);
const earlier: Earlier = new Earlier(
  log,
  (position) => connection.before(position),
  (count) => announcer.message(text("earlier_shown", { count })),
);
const seen = new Seen(room, name);
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
    show(said);
    if (isFromHere) return;
    const words = isolated(said);
    announcer.message(words);
    notify.message(words);
    sound.chime();
  },
  entered(who, count) {
    // The reader's own entering already has its line, whether or not the room was told.
    if (who !== name) log.append(presenceLine("entered", who, Date.now()));
    people.entered(who, count);
    placeholder.others(count - 1);
  },
  left(who, count) {
    log.append(presenceLine("left", who, Date.now()));
    people.left(who, count);
    placeholder.others(count - 1);
  },
  joined(arrival) {
    if (hasEntered) catchUp(arrival);
    else enter(arrival);
    hasEntered = true;
    people.present(arrival.members, arrival.count);
    placeholder.others(arrival.count - 1);
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
  durable !== undefined,
);

function show(said: Said): void {
  log.append(messageLine(said));
  if (!document.hidden) seen.reach(said.position);
}

/** The newest messages, and where the last visit ended. */
function enter({ messages, more, count }: Arrival): void {
  const last = messages.findIndex(({ position }) => position === seen.position);
  const isNew = last >= 0 && messages.slice(last + 1).some(({ own }) => !own);
  messages.forEach((said, index) => {
    show(said);
    if (isNew && index === last) log.mark();
  });
  earlier.more = more;
  log.append(presenceLine("entered", name, Date.now()));
  announcer.message(`${text("you_are_in")} ${text("people", { count })}`);
}

/** What was said since the connection was lost. */
function catchUp({ messages, awaySince, gap }: Arrival): void {
  if (gap !== null && awaySince !== null) log.append(gapLine(awaySince, Date.now(), gap.missed));
  const others = messages.filter((said) => !composer.isOwn(said));
  if (others.length > 0) log.mark();
  for (const said of messages) show(said);
  const [first] = others;
  if (first === undefined) return;
  for (const said of others) {
    unread.count();
    announcer.message(isolated(said));
  }
  notify.message(others.length === 1 ? isolated(first) : text("new_messages", { count: others.length }));
  sound.chime();
}

/** If it is not the login, the server says what is wrong: the page was made for a login that it knew. */
function whyRefused(refusal: Refusal): string {
  // Without a login that it knows, the server has no name for this connection.
  if (refusal.code === "name_required") return text(hasEntered ? "login_lost" : "login_strange");
  return text("refused", { reason: reason(refusal) });
}

/** A message as a string for other programs to show: no name reverses the text after it. */
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
  seen.forget();
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
  if (document.hidden) return;
  connection.wake();
  const { newest } = log;
  if (newest !== undefined) seen.reach(newest);
});

fitToView(page);
connection.open();
composer.focus();
