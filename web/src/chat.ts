// The chat page: puts its parts together.

import { Alerts } from "./alerts.ts";
import { messageWords } from "./alertwords.ts";
import { Announcer } from "./announcer.ts";
import { Ask } from "./ask.ts";
import { Composer, reason } from "./composer.ts";
import { Connection } from "./connection.ts";
import { CopyLink } from "./copy.ts";
import { Credentials } from "./credentials.ts";
import { byId, make } from "./dom.ts";
import { Earlier } from "./earlier.ts";
import { Floor } from "./floor.ts";
import { Gate } from "./gate.ts";
import { Hands } from "./hands.ts";
import { hostDialogs } from "./hostdialogs.ts";
import { HostPanel } from "./hostpanel.ts";
import { Indicator } from "./indicator.ts";
import { InviteDialog } from "./invitation.ts";
import { pageTexts, speakAsPage, text } from "./language.ts";
import { Leave } from "./leave.ts";
import { gapLine, lossLine, messageLine, newsLine, presenceLine, type Said } from "./lines.ts";
import type { Arrival } from "./listener.ts";
import { Log } from "./log.ts";
import { acting } from "./moderation.ts";
import { Notify } from "./notify.ts";
import type { Refusal } from "./outbox.ts";
import { People } from "./people.ts";
import { PersonDialog } from "./person.ts";
import { hiddenField } from "./personal.ts";
import { Placeholder } from "./placeholder.ts";
import { news, OPEN, type Policy, speech } from "./policy.ts";
import { Pushing } from "./pushing.ts";
import { Removal } from "./removal.ts";
import { groups } from "./roomcode.ts";
import { alertRoom } from "./roomdeeds.ts";
import { Seen } from "./seen.ts";
import { ServerTime } from "./servertime.ts";
import { Sound } from "./sound.ts";
import { chosenTime } from "./time.ts";
import { Unread } from "./unread.ts";
import { fitToView } from "./viewport.ts";

speakAsPage();
/** A code of at most this many characters is shown large: a whole class may have to type it. */
const BRIEF = 16;
const page = byId("chat", HTMLElement);
const { room = "", name = "", maxMsg = "", durable, open } = page.dataset;
const loginUrl = `/v1?${new URLSearchParams({ room })}`;
const link = new URL(loginUrl, location.href).href;

const credentials = new Credentials(room);
credentials.takeFromAddress();

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
  (lines) => {
    for (const line of lines) removal.offer(line, false);
    announcer.message(text("earlier_shown", { count: lines.length }));
  },
);
const serverTime = new ServerTime(() => connection.time());
const seen = new Seen(room, name);
const people = new People(name);
const announcer = new Announcer(byId("heard", HTMLElement));
const unread = new Unread(() => log.mark());
const sound = new Sound(byId("sound", HTMLButtonElement));
const notify = new Notify(
  byId("notify", HTMLButtonElement),
  room,
  new Pushing((body) => connection.push(body), document.documentElement.lang, pageTexts()),
);
const indicator = new Indicator(() => connection.retry());

let hasEntered = false;
let policy = OPEN;
let isHost = false;
let isReader = false;
const connection: Connection = new Connection(room, name, credentials, open !== undefined, {
  state(state) {
    indicator.show(state);
    composer.setState(state);
    leave.disabled = state.why === "left";
  },
  message(said) {
    serverTime.heard(said.at);
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
  lost(missed) {
    log.append(lossLine(Date.now(), missed));
  },
  removed(position) {
    log.remove(position);
  },
  policy(next) {
    // Another password or key of the hosts changes nothing that is told, and hosts know more than that.
    if (isHost || next.password || JSON.stringify(next) === JSON.stringify(policy)) notify.renew();
    tell(next);
    rule(next, isHost);
    // Only hosts are told whom they have banned; and whoever is no host any more learns it so.
    if (isHost) void act("show");
    // Nobody else is told what waits to be released.
    void alerts.lookForWaiting();
  },
  clockSet(at) {
    serverTime.set(at);
  },
  alert(news) {
    serverTime.heard(Date.parse(news.at));
    // Its words came as a message just before, and are said once.
    if (news.by !== null) {
      const words = isolated({ name: news.by, text: messageWords(news.alert) });
      announcer.drop(words);
      notify.drop(words);
    }
    alerts.heard(news);
  },
  reminded(news) {
    const alert = alerts.reminded(news);
    if (alert === undefined) return;
    notify.remind(alert);
    sound.chime();
  },
  confirmed(news) {
    sound.hush();
    alerts.confirmed(news);
  },
  rollCall: (news) => alerts.rollCall(news),
  joined(arrival) {
    // Another link was opened in this tab since the login, or another tab has logged in here.
    if (credentials.token !== undefined && arrival.name !== name) return logIn(arrival.name, room);
    gate.hide();
    serverTime.heard(arrival.at);
    void serverTime.measure();
    const said = speech(arrival.policy, name, arrival.isHost, Date.now());
    isReader = !arrival.maySpeak && ["free", "word"].includes(said.kind);
    if (hasEntered) {
      tell(arrival.policy);
      catchUp(arrival);
    } else enter(arrival);
    rule(arrival.policy, arrival.isHost);
    hasEntered = true;
    alerts.present(arrival.alerts, arrival.mayAlert);
    notify.entered();
    people.present(arrival.members, arrival.count);
    placeholder.others(arrival.count - 1);
  },
  refused(refusal) {
    const again = make("a", "", text("enter_again"));
    again.href = loginUrl;
    problem(`${whyRefused(refusal)} `, again);
  },
  outside(refusal) {
    gate.show(refusal);
  },
  keyLost() {
    if (!isHost) return problem(text("key_lost"));
    unhost();
  },
  tokenOver() {
    problem(text("token_over"));
  },
});
const composer = new Composer(
  connection,
  {
    problem,
    sent() {
      log.toEnd();
      if (!isHost) floor.spoke();
    },
    tooSoon: (seconds) => floor.wait(seconds),
  },
  Number(maxMsg),
  durable !== undefined,
);

const gate = new Gate(loginUrl, open !== undefined, (password) => {
  if (password !== undefined) credentials.password = password;
  connection.retry();
});
const floor = new Floor({
  hand: async (up) => {
    const refusal = await connection.hand(up);
    problem(refusal === undefined ? "" : text("not_done", { reason: reason(refusal) }));
  },
  hold: (why) => composer.hold(why),
  announce: (words) => announcer.message(words),
  ended: () => rule(policy, isHost),
});
const ask = new Ask(text("cancel"));
const alerts = new Alerts(
  serverTime,
  ask,
  {
    ...alertRoom(name, connection),
    notify: (alerts, isConfirmed) => notify.alerts(alerts, isConfirmed),
  },
  problem,
);
alerts.foretell();
const act = acting(
  connection,
  (next) => rule(next, isHost),
  (why) => {
    if (personDialog.isOpen) personDialog.problem(why);
    else if (hostPanel.isOpen) hostPanel.problem(why);
    else problem(why);
  },
  unhost,
);
const dialogs = hostDialogs(connection, serverTime, ask);
const hostPanel: HostPanel = new HostPanel(link, credentials, ask, act, alerts.prepared, dialogs, moveTo);
const personDialog: PersonDialog = new PersonDialog(act, () => people.focus());
const hands = new Hands(act);
const removal: Removal = new Removal(log, ask, act);

/** What holds in the room from now on, and for whom. */
function rule(next: Policy, host: boolean): void {
  if (host) for (const hand of next.hands) if (!policy.hands.includes(hand)) heardHand(hand);
  policy = next;
  isHost = host;
  const { announce, slow, words, mutes } = next;
  const floorIs = speech(next, name, host, Date.now());
  const isHeld = isReader && ["free", "word"].includes(floorIs.kind);
  floor.show(isHeld ? { kind: "reader" } : floorIs, host ? 0 : slow);
  hands.show(host && announce ? next.hands : []);
  hostPanel.show(next, host);
  removal.isHost = host;
  leave.isHost = host;
  people.mark({
    hands: next.hands,
    words,
    muted: mutes.map((mute) => mute.name),
    open: host ? (name) => personDialog.open(name, policy) : undefined,
  });
}

function heardHand(name: string): void {
  announcer.message(text("hand_of", { name: `\u2068${name}\u2069` }));
}

/** What everybody should know of a change. */
function tell(next: Policy): void {
  for (const one of news(policy, next)) {
    const words = text(one, { time: chosenTime(next.slow) });
    log.append(newsLine(words, Date.now()));
    announcer.message(words);
  }
}

/** Somebody has made the key anew. */
function unhost(): void {
  if (!isHost) return;
  rule(policy, false);
  alerts.allow(false);
  problem(text("key_lost"));
}

/** The room has another code: in there by the login, as a host. */
function moveTo(code: string): void {
  const moved = new Credentials(code);
  moved.host = credentials.host;
  credentials.host = undefined;
  logIn(name, code);
}

/** As the form of the login does. */
function logIn(name: string, room: string): void {
  const form = make("form", "");
  form.method = "post";
  form.action = "/v1";
  form.append(hiddenField("name", name), hiddenField("room", room));
  if (credentials.token !== undefined) form.append(hiddenField("token", credentials.token));
  document.body.append(form);
  form.submit();
}

function show(said: Said): void {
  const line = messageLine(said);
  log.append(line);
  removal.offer(line);
  if (!document.hidden) seen.reach(said.position);
}

/** The newest messages, and where the last visit ended. */
function enter({ messages, more, count, isHost }: Arrival): void {
  const last = messages.findIndex(({ position }) => position === seen.position);
  const isNew = last >= 0 && messages.slice(last + 1).some(({ own }) => !own);
  messages.forEach((said, index) => {
    show(said);
    if (isNew && index === last) log.mark();
  });
  earlier.more = more;
  log.append(presenceLine("entered", name, Date.now()));
  const words = `${text("you_are_in")} ${text("people", { count })}`;
  announcer.message(isHost ? `${words} ${text("you_host")}` : words);
  if (isHost) log.append(newsLine(text("you_host"), Date.now()));
}

/** What was said since the connection was lost. */
function catchUp({ messages, awaySince, gap, policy }: Arrival): void {
  const { oldest } = log;
  // What hosts have removed in the meantime is not in the history any more.
  if (oldest !== undefined && policy !== OPEN)
    void connection.kept(oldest).then((kept) => log.keep(kept ?? []));
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
function isolated({ name, text }: Pick<Said, "name" | "text">): string {
  return name === "" ? text : `\u2068${name}\u2069: ${text}`;
}

new CopyLink(link);
new InviteDialog(room, link);
const code = byId("code", HTMLElement);
code.replaceChildren(...groups(room).map((group) => make("span", "", group)));
code.classList.toggle("brief", room.length <= BRIEF);

const leave = new Leave(async (forgetsHost) => {
  composer.forget();
  credentials.password = undefined;
  credentials.token = undefined;
  if (forgetsHost) credentials.host = undefined;
  seen.forget();
  await notify.forget();
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
serverTime.keep();
connection.open();
composer.focus();
