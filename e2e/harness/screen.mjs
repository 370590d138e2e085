// A big screen, and a host who does something with the alerts of its room.

import { V2 } from "./v2.mjs";

/** A room with a host, who does something with its alerts. */
export async function hosted(server) {
  const host = await V2.connect(server);
  const { room, host: key } = await host.ask("make", {});
  await host.ask("join", { room, name: "Ms Ortega", host: key });
  host.room = room;
  const does = (body) => host.ask("alert", { room, host: key, ...body });
  return {
    room,
    key,
    host,
    does,
    raise: async (level, text, more = {}) => (await does({ action: "raise", level, text, ...more })).alert,
    moderate: (body) => host.ask("moderate", { room, host: key, ...body }),
  };
}

export const address = (server, room, more = "") => `${server.url}/v1/screen?room=${room}${more}`;

/** Opens the screen of a room, and waits until it hears it. */
export async function open(server, page, room, more) {
  await page.goto(address(server, room, more));
  await page.locator("#state").waitFor({ state: "hidden" });
}
