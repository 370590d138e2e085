// Servers whose clock is not that of this machine; what measures time is as it was.

import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Debian's libfaketime; `e2e/need` has it installed. */
const FAKETIME = ["/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime"]
  .map((folder) => `${folder}/libfaketimeMT.so.1`)
  .find(existsSync);

const offset = (seconds) => `${seconds < 0 ? "" : "+"}${seconds}s`;

/** A server whose clock is this many seconds ahead. */
export const ahead = (seconds) => ({
  env: { LD_PRELOAD: FAKETIME, FAKETIME: offset(seconds), FAKETIME_DONT_FAKE_MONOTONIC: "1" },
});

/** A clock that is set while the server runs: `env` is for the server. */
export class SetClock {
  #file = join(mkdtempSync(join(tmpdir(), "alert-clock-")), "clock");

  constructor(seconds = 0) {
    this.set(seconds);
    this.env = {
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }

  /** It is this many seconds ahead of this machine's from now on. */
  set(seconds) {
    writeFileSync(this.#file, `${offset(seconds)}\n`);
  }
}
