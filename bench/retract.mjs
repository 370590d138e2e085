// How fast an alert that was raised by mistake is off the screens that show it.
//
//     ALERT_BIN=target/release/alert node bench/retract.mjs [SCREENS] [ROUNDS]
//
// 1,000 screens, which are listeners of v2, and 20 alerts, unless told. It prints how long after the request to end it each
// screen heard so. It ends with 1 where the last one took more than a second.

import { NO_RATES, Server } from "../e2e/harness/server.mjs";
import { BareClient } from "./bare-client.mjs";

const SCREENS = Number(process.argv[2] ?? 1_000);
const ROUNDS = Number(process.argv[3] ?? 20);
const ALLOWED = 1_000;
const ROOM = "R1";

const FREE = [...NO_RATES, "--join-rate", "0", "--room-tries", "0", "--max-connections-per-address", "0"];
const server = await new Server(["--history", "sqlite", ...FREE]).start();
const host = new BareClient(server);
await host.connected;
const { host: key } = await host.ask("make", { room: ROOM });
await host.ask("join", { room: ROOM, name: "Ada", host: key });
const screens = [];
for (let count = 0; count < SCREENS; count++) {
  const screen = new BareClient(server);
  await screen.connected;
  await screen.ask("join", { room: ROOM, listen: true });
  screens.push(screen);
}

const does = (body) => host.ask("alert", { room: ROOM, ...body });
const took = [];
for (let round = 0; round < ROUNDS; round++) {
  const { alert } = await does({ action: "raise", text: "Leave the building", level: "emergency" });
  const ended = screens.map(
    (screen) =>
      new Promise((resolve) => {
        screen.heard = (event, { state }) => event === "alert" && state === "ended" && resolve(performance.now());
      }),
  );
  const begin = performance.now();
  await does({ action: "end", id: alert.id, mistake: true });
  took.push(...(await Promise.all(ended)).map((moment) => moment - begin));
}
took.sort((one, other) => one - other);
const at = (part) => took[Math.min(took.length - 1, Math.floor(part * took.length))].toFixed(1);
console.log(
  `${SCREENS} screens, ${ROUNDS} alerts: retracted after p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`,
);
await server.stop();
process.exit(took.at(-1) <= ALLOWED ? 0 : 1);
