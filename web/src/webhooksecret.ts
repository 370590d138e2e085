// The secret of a webhook, which is shown once: to be copied, and given to the program.

import { copyText } from "./copy.ts";
import { make } from "./dom.ts";
import { command, described } from "./fields.ts";
import { text } from "./language.ts";

export function secretElements(
  url: string,
  secret: string,
): { readonly elements: readonly HTMLElement[]; readonly copy: HTMLButtonElement } {
  const field = make("input", "code");
  field.type = "text";
  field.readOnly = true;
  field.dir = "ltr";
  field.value = secret;
  field.addEventListener("focus", () => field.select());
  const copied = make("p", "hint");
  copied.setAttribute("role", "status");
  const copy = command(text("webhook_secret_copy"), async (button) => {
    if (!(await copyText(secret, field))) return;
    copied.textContent = text("webhook_secret_copied");
    button.focus();
  });
  copy.classList.add("primary");
  const where = make("blockquote", "", make("bdi", "code", url));
  return {
    elements: [where, described(text("webhook_secret"), field, text("webhook_secret_hint")), copied],
    copy,
  };
}
