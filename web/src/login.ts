// The login page: a new room code, a long code shown in full, and a warning where cookies are blocked.

import { Credentials } from "./credentials.ts";
import { byId, make } from "./dom.ts";
import { isFramed, wayOut } from "./framed.ts";
import { parts, speakAsPage, text } from "./language.ts";
import { comeInWith } from "./personal.ts";
import { freshCode, groups } from "./roomcode.ts";

speakAsPage();
const name = byId("name", HTMLInputElement);
const room = byId("room", HTMLInputElement);
const whole = byId("whole", HTMLElement);
const trouble = byId("trouble", HTMLElement);

/** A field as narrow as a phone shows about this many characters. */
const SEEN = 24;

function showWhole(): void {
  const code = room.value.trim();
  whole.hidden = code.length <= SEEN;
  whole.replaceChildren(...groups(code).map((group) => make("span", "", group)));
}
room.addEventListener("input", showWhole);
showWhole();

/** What was wrong with a field is no longer said once it is another text. */
for (const field of [name, room]) {
  field.addEventListener("input", () => {
    document.getElementById(`${field.id}-error`)?.remove();
    field.removeAttribute("aria-invalid");
    field.setAttribute("aria-describedby", `${field.id}-hint`);
  });
}

// With a host link the person comes in as a host, and with a personal link as whoever it says.
const invited = new URLSearchParams(location.search);
const credentials = new Credentials(invited.get("room") ?? "");
credentials.takeFromAddress();
if (trouble.dataset.tokenRefused !== undefined) credentials.token = undefined;
if (credentials.token !== undefined) comeInWith(credentials, credentials.token);
// Another link that is opened over this page changes nothing but what is behind "#".
addEventListener("hashchange", () => {
  if (credentials.takeFromAddress()) location.reload();
});

const keepsNone = invited.get("why") === "cookie-not-kept" || !navigator.cookieEnabled;
if (keepsNone && isFramed) trouble.replaceChildren(...wayOut(room.value, credentials.token));
else if (keepsNone && trouble.textContent === "") trouble.textContent = text("cookies_blocked");

function showHost(): void {
  const { host } = new Credentials(room.value.trim());
  byId("as-host", HTMLElement).textContent = host === undefined ? "" : text("as_host");
}
room.addEventListener("input", showHost);
showHost();

let made = invited.has("fresh") ? room.value : "";
let typed = "";
// Whoever enters under the code that was made here is to be the room's host.
byId("login", HTMLFormElement).addEventListener("submit", () => {
  if (made !== "" && room.value.trim() === made) new Credentials(made).isMade = true;
});
// An invited person has a code, and the page offers no other.
document.getElementById("fresh")?.addEventListener("click", (event) => {
  event.preventDefault();
  if (room.value !== made) typed = room.value.trim();
  made = freshCode();
  fill(made);
  const note = byId("fresh-note", HTMLElement);
  note.replaceChildren(text("fresh_made"));
  if (typed !== "") note.append(" ", putBack(typed, note));
  if (name.value === "") name.focus();
  else byId("enter", HTMLButtonElement).focus();
});

function putBack(code: string, note: HTMLElement): HTMLElement {
  const button = make("button", "link", ...parts("put_back", { code: make("bdi", "", code.slice(0, SEEN)) }));
  button.type = "button";
  button.addEventListener("click", () => {
    fill(code);
    note.replaceChildren(text("is_back"));
    room.focus();
  });
  return button;
}

function fill(code: string): void {
  room.value = code;
  // As if it had been typed.
  room.dispatchEvent(new Event("input"));
}
