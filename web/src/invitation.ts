// How others come in: the code large enough to read aloud, the link, and the link as a QR code.

import { byId, make } from "./dom.ts";
import { text } from "./language.ts";
import { qrCode } from "./qr.ts";
import { groups } from "./roomcode.ts";

/** A block for a room whose login is at `link`, under a heading of this level and id. */
export function invitation(room: string, link: string, heading: HTMLElement, hint: string): HTMLElement {
  const code = make("bdi", "code", ...groups(room).map((group) => make("span", "", group)));
  const address = make("a", "code", link);
  address.href = link;
  address.dir = "ltr";
  const picture = make("div", "qr");
  const words = make("div", "invitation-words", heading, make("p", "hint", hint));
  const list = make("dl", "");
  list.append(make("dt", "", text("code_label")), make("dd", "invitation-code", code));
  list.append(make("dt", "", text("link_title")), make("dd", "", address));
  words.append(list);
  void draw(picture, link);
  return make("section", "invitation", picture, words);
}

/** The dialog behind the button in the list of people. */
export class InviteDialog {
  readonly #dialog = byId("inviting", HTMLDialogElement);

  constructor(room: string, link: string) {
    byId("invite", HTMLButtonElement).addEventListener("click", () => {
      if (this.#dialog.querySelector(".invitation") === null) {
        const heading = make("h2", "", text("invite_title"));
        heading.id = "inviting-title";
        const screen = make("a", "", text("big_screen"));
        screen.href = `/v1/screen?${new URLSearchParams({ room })}`;
        screen.target = "_blank";
        this.#dialog.prepend(
          invitation(room, link, heading, text("alone_text")),
          make("p", "invitation-screen", screen),
        );
      }
      this.#dialog.showModal();
    });
  }
}

async function draw(picture: HTMLElement, link: string): Promise<void> {
  const code = await qrCode(link, text("qr", { link }));
  picture.replaceChildren(code ?? make("p", "hint", text("qr_too_long")));
}
