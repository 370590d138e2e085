// The login page: a new room code, a long code shown in full, and a warning where cookies are blocked.

import { byId, make } from "./dom.ts";
import { parts, speakAsPage, text } from "./language.ts";
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

if (!navigator.cookieEnabled && trouble.textContent === "") {
  trouble.textContent = text("cookies_blocked");
}

let made = "";
let typed = "";
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
  showWhole();
}
