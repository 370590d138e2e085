// How well clients count down together: 500 of them, whose clocks are an hour off, measure what time it is for the server over
// lines that are slow in one direction, and again after the server's clock was set.
//
//     ALERT_BIN=target/release/alert node bench/clock.mjs [CLIENTS]
//
// Each client is the official one with the page's own measurement (web/src/servertime.ts), on a device whose clock is up to an
// hour off, and whose count runs too fast or too slow. It needs libfaketime, for the server. It ends with 1 where the skew at
// p99 is more than 100 ms.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Client } from "../e2e/harness/client.mjs";
import { SetClock } from "../e2e/harness/clock.mjs";
import { Server } from "../e2e/harness/server.mjs";
import { V2 } from "../e2e/harness/v2.mjs";

const web = fileURLToPath(new URL("../web/", import.meta.url));
execFileSync("node_modules/.bin/tsc", ["--project", "test"], { cwd: web, stdio: "inherit" });
const { ServerTime } = await import(`${web}node_modules/.test/src/servertime.js`);

const CLIENTS = Number(process.argv[2] ?? 500);
const HOUR = 3_600_000;
/** One way, a packet takes up to so long (ms); the other way as well, but independently. */
const SLOWEST = 75;
/** A device's count runs wrong by up to so much. */
const DRIFT = 1e-4;
const ALLOWED = 100;
/** The skew is looked at so long (ms) after the start, and after the server's clock was set. */
const AFTER = 5_000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const clock = new SetClock();
let ahead = 0;
/** What the server's clock says. */
const truth = () => Date.now() + ahead;

class Device {
  #wrong = (Math.random() * 2 - 1) * HOUR;
  #rate = 1 + (Math.random() * 2 - 1) * DRIFT;
  #line = [Math.random() * SLOWEST, Math.random() * SLOWEST];
  time = new ServerTime(
    () => this.#ask(),
    () => performance.now() * this.#rate + this.#wrong,
  );

  async join(server, room) {
    this.client = await V2.connect(server);
    this.client.socket.on("time", ({ at }) => setTimeout(() => this.time.set(Date.parse(at)), this.#line[1]));
    const { at } = await this.client.ask("join", { room, listen: true });
    this.time.heard(Date.parse(at));
    await this.time.measure();
  }

  async #ask() {
    await sleep((this.#line[0] * (1 + Math.random())) / 2);
    const { received, sent } = await this.client.ask("time", {});
    await sleep((this.#line[1] * (1 + Math.random())) / 2);
    return { received: Date.parse(received), sent: Date.parse(sent) };
  }
}

/** The skew of all devices at one moment: how far each is from the server's clock. */
function look(devices, when) {
  const skews = devices.map(({ time }) => Math.abs(time.now() - truth())).sort((one, other) => one - other);
  const at = (part) => skews[Math.min(skews.length - 1, Math.floor(part * skews.length))].toFixed(1);
  console.log(`${when.padEnd(34)} p50 ${at(0.5)} ms  p99 ${at(0.99)} ms  max ${at(1)} ms`);
  return Number(at(0.99)) <= ALLOWED;
}

const server = await new Server(["--history", "memory"], { env: clock.env }).start();
const devices = Array.from({ length: CLIENTS }, () => new Device());
await Promise.all(devices.map((device) => device.join(server, "R1")));
await sleep(AFTER);
let isRight = look(devices, `${CLIENTS} devices`);
for (const hours of [1, -1, 0]) {
  ahead = hours * HOUR;
  clock.set(ahead / 1000);
  await sleep(AFTER);
  isRight = look(devices, `after the server's clock was set to ${hours} h`) && isRight;
}
Client.closeAll();
await server.stop();
process.exit(isRight ? 0 : 1);
