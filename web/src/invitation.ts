// How others come in: the code large enough to read aloud, the link, and the link as a QR code.

import { byId, make } from "./dom.ts";
import { parts, text } from "./language.ts";
import { groups } from "./roomcode.ts";

const SVG = "http://www.w3.org/2000/svg";
/** The white margin, in modules, that the specification asks for around a QR code. */
const QUIET = 4;

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
        this.#dialog.prepend(invitation(room, link, heading, text("alone_text")));
      }
      this.#dialog.showModal();
    });
  }
}

/** Only whoever sees a QR code loads what draws it. */
async function draw(picture: HTMLElement, link: string): Promise<void> {
  const { encode } = await import("uqr");
  let code: ReturnType<typeof encode>;
  try {
    code = encode(link, { ecc: "M", border: QUIET });
  } catch {
    picture.replaceChildren(make("p", "hint", text("qr_too_long")));
    return;
  }
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${code.size} ${code.size}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", parts("qr", { link }).join(""));
  svg.setAttribute("shape-rendering", "crispEdges");
  const path = document.createElementNS(SVG, "path");
  const dark = code.data.flatMap((row, y) => row.flatMap((is, x) => (is ? [`M${x} ${y}h1v1h-1z`] : [])));
  path.setAttribute("d", dark.join(""));
  svg.append(path);
  picture.replaceChildren(svg);
}
