// How late bells ring.
//
//     ALERT_BIN=target/release/alert node bench/bells.mjs [BELLS] [SECONDS]
//
// 600 bells in as many rooms, ten each second for a minute, unless told. The server itself says how late each was. It ends
// with 1 where p99 is more than 100 ms, or one did not ring.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NO_RATES, Server } from "../e2e/harness/server.mjs";

const BELLS = Number(process.argv[2] ?? 600);
const SECONDS = Number(process.argv[3] ?? 60);
const ALLOWED = 100;
/** The first rings so long (s) after the start. */
const AFTER = 5;

const folder = mkdtempSync(join(tmpdir(), "alert-bells-"));
const file = join(folder, "bells.toml");
const time = (after) => new Date(Date.now() + after * 1_000).toISOString().slice(11, 19);
const bells = Array.from({ length: BELLS }, (_, number) => {
  const at = time(AFTER + Math.floor((number * SECONDS) / BELLS));
  return `[[bell]]\nid = "bell"\nroom = "R${number}"\nrule = "FREQ=DAILY"\ntimes = ["${at}"]\nsay = "Class ends"\n`;
});
writeFileSync(file, `zone = "UTC"\n${bells.join("")}`);
const server = await new Server(["--bells", file, "--history", "sqlite", ...NO_RATES]).start();
const late = () => [...server.log.matchAll(/a bell has rung .*late=(\d+)/g)].map(([, ms]) => Number(ms));
const end = Date.now() + (AFTER + SECONDS + 5) * 1_000;
while (late().length < BELLS && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 200));
const all = late().sort((one, other) => one - other);
const at = (part) => all[Math.min(all.length - 1, Math.floor(part * all.length))];
console.log(`${all.length} of ${BELLS} bells have rung, late by p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`);
await server.stop();
rmSync(folder, { recursive: true });
process.exit(all.length === BELLS && at(0.99) <= ALLOWED ? 0 : 1);
