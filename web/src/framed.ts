// The page inside a page of another site, where a browser may keep no login.

import { personalLink } from "./credentials.ts";
import { make } from "./dom.ts";
import { parts, text } from "./language.ts";

export const isFramed = window.self !== window.top;

/** What happened, and a link to the login for the room in a window of its own, where the token is shown as well. */
export function wayOut(room: string, token: string | undefined): (string | Node)[] {
  const open = make("a", "", text("framed_open"));
  const link = `/v1?${new URLSearchParams({ room })}`;
  open.href = token === undefined ? link : personalLink(link, token);
  open.target = "_blank";
  return parts(location.protocol === "https:" ? "framed" : "framed_http", { open });
}
