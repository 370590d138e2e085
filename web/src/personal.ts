// Coming in with a personal link: its token says who the person is, and goes with the form.

import type { Credentials } from "./credentials.ts";
import { byId, make } from "./dom.ts";
import { parts, text } from "./language.ts";

/** The login for whoever has this token. */
export function comeInWith(credentials: Credentials, token: string): void {
  const form = byId("login", HTMLFormElement);
  const name = byId("name", HTMLInputElement);
  const room = byId("room", HTMLInputElement);
  form.hidden = false;
  document.getElementById("no-token")?.remove();
  const called = nameIn(token, Number(name.dataset.max));
  // The server has the last word, and may have said that this is no name.
  if (called !== undefined && name.getAttribute("aria-invalid") !== "true") {
    name.value = called;
    name.readOnly = true;
    (room.value === "" ? room : byId("enter", HTMLButtonElement)).focus();
  }
  const away = make("button", "link", text("put_away"));
  away.type = "button";
  away.addEventListener("click", () => {
    credentials.token = undefined;
    location.replace(`/v1?${new URLSearchParams({ room: room.value })}`);
  });
  byId("with-token", HTMLElement).replaceChildren(...parts("with_token", { away }));
  form.addEventListener("submit", (event) => {
    // The form that asks for a new code goes into an address.
    if ((event.submitter as HTMLButtonElement | null)?.formMethod === "get") return;
    // Not before: a page that comes back from the browser's cache has no other.
    form.querySelector("input[name=token]")?.remove();
    form.append(hiddenField("token", token));
  });
}

/** A field of a form that nobody sees. */
export function hiddenField(name: string, value: string): HTMLInputElement {
  const field = make("input", "");
  field.type = "hidden";
  field.name = name;
  field.value = value;
  return field;
}

/** What a token (JWT) calls its holder: nothing is verified here. */
export function nameIn(token: string, maxChars: number): string | undefined {
  try {
    const claims = token.split(".")[1] ?? "";
    const bytes = atob(claims.replaceAll("-", "+").replaceAll("_", "/"));
    const json = new TextDecoder().decode(Uint8Array.from(bytes, (one) => one.charCodeAt(0)));
    const { name, sub } = JSON.parse(json) as { name?: unknown; sub?: unknown };
    const called = name ?? sub;
    return typeof called === "string" && called !== "" && [...called].length <= maxChars ? called : undefined;
  } catch {
    return undefined;
  }
}
