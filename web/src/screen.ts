// The big screen of a room: what is in force fills the wall, and nobody has to type anything. It runs in the browsers of
// televisions, which may be of 2018: only what Chromium 69 has (see CONTRIBUTING.md).

import { inOrder } from "./alertorder.ts";
import { alertWords, endWords } from "./alertwords.ts";
import { stayAwake } from "./awake.ts";
import { Countdowns } from "./countdowns.ts";
import { byId, make } from "./dom.ts";
import { currentLocale, speakAsPage, text } from "./language.ts";
import type { Alert } from "./protocol.ts";
import { qrCode } from "./qr.ts";
import { groups } from "./roomcode.ts";
import { KeyForm, ScreenKey } from "./screenkey.ts";
import { ScreenLink } from "./screenlink.ts";
import { reloadIfOld } from "./screenversion.ts";
import { ServerTime } from "./servertime.ts";
import { Voice } from "./voice.ts";
import { Wall } from "./wall.ts";
import { WallMessages } from "./wallmessages.ts";
import { WallMissing } from "./wallmissing.ts";

/** How often the wall looks at the clock (ms): no second is shown late by more. */
const LOOK = 100;

speakAsPage();
const { room = "" } = byId("screen", HTMLElement).dataset;
const link = new URL(`/v1?${new URLSearchParams({ room })}`, location.href).href;
const key = new ScreenKey(room);
const wall = new Wall();
const messages = new WallMessages();
const voice = new Voice();
const countdowns = new Countdowns((words, alert, left) => voice.left(words, alert, left));
const missing: WallMissing = new WallMissing(
  (id) => screen.missing(id),
  () => wall.fit(),
);
const state = byId("state", HTMLElement);
const clock = byId("clock", HTMLElement);
const time: ServerTime = new ServerTime(() => screen.time());
const form = new KeyForm((entered) => {
  key.enter(entered);
  screen.again();
});

const screen: ScreenLink = new ScreenLink(room, key, {
  joined({ at, state: alerts, history }) {
    state.hidden = true;
    form.hide();
    // It may be another server now, with another clock.
    time.set(Date.parse(at));
    messages.show(history, alerts);
    const { known, alerts: seen } = wall;
    wall.show(alerts, time.now());
    for (const alert of known) {
      if (alerts.some(({ id }) => id === alert.id)) continue;
      voice.drop(alert.id);
      if (seen.includes(alert)) voice.say(endWords(alert));
    }
    const news = inOrder(alerts.filter((alert) => isNews(alert, known)));
    for (const [place, alert] of news.entries()) {
      if (place === 0) voice.alarm(alertWords(alert), alert);
      else voice.follow(alertWords(alert), alert);
    }
  },
  again: () => void reloadIfOld(),
  message: (message) => messages.add(message),
  removed: (position) => messages.remove(position),
  clockSet: (at) => time.set(at),
  alert({ at, state, alert, all_clear, mistake }) {
    time.heard(Date.parse(at));
    const { known } = wall;
    const others = known.filter(({ id }) => id !== alert.id);
    wall.show(state === "ended" ? others : [...others, alert], time.now());
    messages.hide(alert);
    if (state === "ended") {
      voice.drop(alert.id);
      voice.say(endWords(alert, all_clear, mistake));
    } else if (isNews(alert, known)) voice.alarm(alertWords(alert), alert);
    else if (!known.some((one) => one.id === alert.id && one.countdown_to === alert.countdown_to))
      voice.dropLeft(alert.id);
  },
  lost(isReached) {
    state.textContent = text(isReached ? "screen_waits" : "screen_lost");
    state.hidden = false;
  },
  refused(refusal) {
    state.textContent = form.show(refusal);
    state.hidden = false;
    // What a room hides from those who are not let in is on no wall.
    wall.clear();
    messages.show([], []);
    voice.clear();
  },
});

byId("code", HTMLElement).append(...groups(room).map((group) => make("span", "", group)));
// Whoever types it gets to the form that asks for the code, which stands above.
byId("link", HTMLElement).textContent = location.host;
void qrCode(link, text("qr", { link })).then(
  (code) => code !== undefined && byId("qr", HTMLElement).append(code),
);

const hours = new Intl.DateTimeFormat(currentLocale(), {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
setInterval(() => {
  const now = time.now();
  const words = hours.format(now);
  if (clock.textContent !== words) clock.textContent = words;
  wall.count(now);
  missing.of(wall.alerts[0]);
  countdowns.look(wall.alerts, now);
}, LOOK);

/** Whether something is to be said of it that was not said before. */
function isNews({ id, level, text: words }: Alert, known: readonly Alert[]): boolean {
  return !known.some((one) => one.id === id && one.text === words && one.level === level);
}

stayAwake();
time.keep();
screen.open();
