// The login page: a fresh room code at once, without asking the server for it.

import { byId } from "./dom.ts";
import { freshCode } from "./roomcode.ts";

const name = byId("name", HTMLInputElement);
const room = byId("room", HTMLInputElement);

byId("fresh", HTMLButtonElement).addEventListener("click", (event) => {
  event.preventDefault();
  room.value = freshCode();
  byId("fresh-note", HTMLElement).textContent =
    "A new code is in the field. Give it to whoever shall read and write in the room.";
  if (name.value === "") name.focus();
  else byId("enter", HTMLButtonElement).focus();
});
