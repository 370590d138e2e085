// docs/clients: each program that can be run here joins, speaks, prints what it hears, and is in the room again after the
// server was restarted. `make e2e-clients` builds what has to be built.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Client, entered, fresh, left } from "../harness/client.mjs";
import { Relay } from "../harness/relay.mjs";
import { Server } from "../harness/server.mjs";
import { DEADLINE, within } from "../harness/time.mjs";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const CLIENTS = path("../docs/clients");
/** Copies go in here, so that they find what is installed in e2e/node_modules. */
const OUT = path("out/clients");
const PYTHON = path(".venv/bin/python");
const RUST = process.env.RUST_CLIENT ?? path("../target/clients/debug/alert-client");

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
for (const folder of ["javascript", "typescript"])
  cpSync(`${CLIENTS}/${folder}`, `${OUT}/${folder}`, { recursive: true });
execFileSync(path("../web/node_modules/.bin/tsc"), ["-p", `${OUT}/typescript`], { stdio: "inherit" });

const STREAM = { "content-type": "text/event-stream" };

/** What is run, and with what. */
const PROGRAMS = {
  JavaScript: ["node", `${OUT}/javascript/client.mjs`],
  TypeScript: ["node", `${OUT}/typescript/client.js`],
  Python: [PYTHON, `${CLIENTS}/python/client.py`],
  "Python, asynchronous": [PYTHON, `${CLIENTS}/python/client_async.py`],
  Rust: [RUST],
};
const V2_PROGRAMS = {
  "JavaScript, v2": ["node", `${OUT}/javascript/client_v2.mjs`],
  "TypeScript, v2": ["node", `${OUT}/typescript/client_v2.js`],
  "Python, v2": [PYTHON, `${CLIENTS}/python/client_v2.py`],
};

/** A running program; what it prints is in `lines`. */
class Program {
  lines = [];
  complaints = "";
  #watchers = new Set();

  constructor([command, ...args], ...more) {
    this.child = spawn(command, [...args, ...more], { stdio: "pipe", detached: true });
    const kill = () => this.kill();
    process.once("exit", kill);
    this.ended = once(this.child, "exit");
    this.ended.then(() => process.off("exit", kill));
    let open = "";
    this.child.stdout.on("data", (chunk) => {
      const lines = (open + chunk).split("\n");
      open = lines.pop();
      this.lines.push(...lines);
      for (const watcher of this.#watchers) watcher();
    });
    this.child.stderr.on("data", (chunk) => {
      this.complaints += chunk;
    });
  }

  /** Waits until it has printed such a line, behind the first `from` of them. */
  async printed(pattern, from = 0) {
    let watcher;
    const found = new Promise((resolve) => {
      watcher = () => this.lines.slice(from).some((line) => pattern.test(line)) && resolve();
      this.#watchers.add(watcher);
      watcher();
    });
    const detail = () => `printed: ${JSON.stringify(this.lines)}\n${this.complaints}`;
    await within(DEADLINE, `a line like ${pattern}`, found, detail);
    this.#watchers.delete(watcher);
  }

  say(line) {
    this.child.stdin.write(`${line}\n`);
  }

  /** Ends its input; it ends by itself and without an error. */
  async end() {
    this.child.stdin.end();
    const [code] = await within(DEADLINE, "the program to end", this.ended, () => this.complaints);
    assert.equal(code, 0, this.complaints);
  }

  /** Kills it with its children, if it still runs. */
  kill() {
    if (this.child.exitCode === null) process.kill(-this.child.pid, "SIGKILL");
  }
}

/** Gives a test a server that can be restarted, and ends what it left behind. */
async function withServer(test) {
  const holder = { server: await new Server().start() };
  holder.restart = async () => {
    await holder.server.stop();
    holder.server = await holder.server.restarted();
  };
  try {
    await test(holder);
  } finally {
    holder.program?.kill();
    Client.closeAll();
    await holder.server.stop();
  }
}

for (const [language, command] of Object.entries(PROGRAMS)) {
  it(`${language}: joins, speaks, prints, survives a restart, leaves`, () =>
    withServer(async (holder) => {
      const room = fresh("room");
      const bell = await Client.inRoom(holder.server, room, "Bell");
      const program = new Program(command, holder.server.url, room, "Ada");
      holder.program = program;
      await bell.waitFor(...entered("Ada"));
      program.say("before");
      await bell.waitFor("message", "Ada: before");
      bell.say("to you");
      for (const line of [/^\* Ada has entered the room\.$/, /^Ada: before$/, /^Bell: to you$/])
        await program.printed(line);
      bell.close();

      const count = program.lines.length;
      await holder.restart();
      const carl = await Client.connect(holder.server);
      const { members } = await carl.join(room, "Carl");
      if (!members.includes("Ada")) await carl.waitFor(...entered("Ada"));
      program.say("after");
      await carl.waitFor("message", "Ada: after");
      carl.say("again");
      for (const line of [/^Ada: after$/, /^Carl: again$/]) await program.printed(line, count);
      await program.end();
      await carl.waitFor(...left("Ada"));
      assert.match(program.complaints, /messages may be missed/, "it says that messages were missed");
    }));

  it(`${language}: what is typed while the server restarts is said afterwards`, () =>
    typedMeanwhile(command));

  it(`${language}: what is piped into it is said before it ends`, () => piped(command));
}

for (const [language, command] of Object.entries(V2_PROGRAMS)) {
  it(`${language}: joins, speaks, prints, misses nothing while it is away, leaves`, () =>
    withServer(async (holder) => {
      const room = fresh("room");
      const bell = await Client.inRoom(holder.server, room, "Bell");
      await bell.ask("text", { msg: "before" });
      const relay = await Relay.to(holder.server);
      const program = new Program(command, relay.url, room, "Ada");
      holder.program = program;
      await bell.waitFor(...entered("Ada"));
      program.say("hello");
      await bell.waitFor("message", "Ada: hello");
      for (const line of [/^Bell: before$/, /^Ada: hello$/]) await program.printed(line);
      relay.down = true;
      relay.cut();
      await bell.waitFor(...left("Ada"));
      // More than one answer has.
      for (let number = 1; number <= 450; number++) bell.say(`${number}`);
      program.say("meanwhile");
      relay.down = false;
      await bell.waitFor("message", "Ada: meanwhile");
      bell.say("live");
      await program.printed(/^Bell: live$/);
      await program.end();
      relay.close();
      const printed = program.lines.filter((line) => !line.startsWith("*"));
      const missed = Array.from({ length: 450 }, (_, index) => `Bell: ${index + 1}`);
      const messages = ["Bell: before", "Ada: hello", ...missed, "Ada: meanwhile", "Bell: live"];
      assert.deepEqual(printed, messages, "in order, and each once");
    }));

  it(`${language}: what is typed while the server restarts is said afterwards`, () =>
    typedMeanwhile(command));

  it(`${language}: what is piped into it is said before it ends`, () => piped(command));
}

/** Lines come before, while and after the server is away; the program hears each of its own when it has been said. */
async function typedMeanwhile(command) {
  await withServer(async (holder) => {
    const room = fresh("room");
    const program = new Program(command, holder.server.url, room, "Ada");
    holder.program = program;
    program.say("first");
    await program.printed(/Ada: first"?\}?$/);
    let number = 0;
    const typing = setInterval(() => program.say(`line ${++number}.`), 20);
    try {
      await holder.restart();
    } finally {
      clearInterval(typing);
    }
    program.say("last");
    await program.printed(/Ada: last"?\}?$/);
    for (let line = 1; line <= number; line++) await program.printed(new RegExp(`Ada: line ${line}\\.`));
    await program.end();
    assert.doesNotMatch(program.complaints, /Traceback|panicked|^\s+at /m);
  });
}

/** The last line has no line break. */
async function piped(command) {
  await withServer(async (holder) => {
    const room = fresh("room");
    const bell = await Client.inRoom(holder.server, room, "Bell");
    const program = new Program(command, holder.server.url, room, "Ada");
    holder.program = program;
    program.child.stdin.write(`one\n${"x".repeat(20_000)}\ntwo`);
    await program.end();
    for (const line of ["Ada: one", "Ada: two"]) await bell.waitFor("message", line);
    assert.match(program.complaints, /not sent: .*msg is longer than 16384 bytes/);
  });
}

it("curl: speaks, prints, survives a restart, and is in no list", () =>
  withServer(async (holder) => {
    const room = fresh("room");
    const bell = await Client.inRoom(holder.server, room, "Bell");
    const program = new Program(["sh", `${CLIENTS}/curl/client.sh`], holder.server.url, room, "Ada");
    holder.program = program;
    program.say("before");
    await bell.waitFor("message", "Ada: before");
    // It listens from some moment on: until then what is said is not printed.
    const spoken = setInterval(() => bell.say("to you"), 100);
    await program
      .printed(/^\{"event":"message","msg":"Bell: to you",.*"position":"[^"]+"\}$/)
      .finally(() => clearInterval(spoken));
    const { members } = await bell.ask("joined", { headless: true, name: "Bell", room });
    assert.deepEqual(members, ["Bell"]);
    bell.close();

    const count = program.lines.length;
    await holder.restart();
    const carl = await Client.inRoom(holder.server, room, "Carl");
    program.say("after");
    await carl.waitFor("message", "Ada: after");
    // Said once, before it listens again perhaps: it goes on where it was.
    carl.say("again");
    await program.printed(/^\{"event":"message","msg":"Carl: again",/, count);
    await program.end();
    const heard = program.lines.filter((line) => line.includes('"Ada: after"'));
    assert.equal(heard.length, 1);
  }));

it("curl: what is piped into it is said before it ends", () => piped(["sh", `${CLIENTS}/curl/client.sh`]));

it("curl: what is typed while the server restarts is said afterwards", () =>
  withServer(async (holder) => {
    const room = fresh("room");
    const program = new Program(["sh", `${CLIENTS}/curl/client.sh`], holder.server.url, room, "Ada");
    holder.program = program;
    await holder.server.stop();
    program.say("meanwhile");
    holder.server = await holder.server.restarted();
    const bell = await Client.inRoom(holder.server, room, "Bell");
    program.say("after");
    await bell.waitFor("message", "Ada: after");
    await program.end();
    assert.doesNotMatch(program.complaints, /not sent/);
  }));

it("the EventSource of the HTTP API opens anew after an answer that is no stream", () =>
  withServer(async (holder) => {
    const doc = readFileSync(path("../docs/http-api.md"), "utf8");
    const [, snippet] = doc.match(/```js\n([^`]*EventSource[^`]*)```/);
    let isFirst = true;
    const proxy = createServer((request, response) => {
      if (isFirst) response.writeHead(502).end("the server is starting");
      else
        fetch(holder.server.url + request.url).then(({ body }) =>
          Readable.fromWeb(body).pipe(response.writeHead(200, STREAM)),
        );
      isFirst = false;
    });
    await once(proxy.listen(0, "127.0.0.1"), "listening");
    const code = snippet.replace("/v1/rooms", `http://127.0.0.1:${proxy.address().port}/v1/rooms`);
    const program = new Program(["node", "--experimental-eventsource", "-e", code]);
    holder.program = program;
    const bell = await Client.inRoom(holder.server, "K7Q-FM2-XD9", "Bell");
    const spoken = setInterval(() => bell.say("to you"), 100);
    await program.printed(/^Bell: to you$/).finally(() => clearInterval(spoken));
    assert.equal(isFirst, false);
    proxy.closeAllConnections();
    proxy.close();
  }));

describe("the folder is complete", () => {
  const read = (name) => readFileSync(`${CLIENTS}/${name}`, "utf8");
  const readme = read("README.md");
  const programs = [...readme.matchAll(/\]\(([\w/.]+)\) \| ([^|]+) \| (yes|no)/g)];

  it("the index has every program, and says of which that it runs here", () => {
    const folders = readdirSync(CLIENTS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const listed = new Set(programs.map(([, file]) => file.split("/")[0]));
    assert.deepEqual([...listed].sort(), folders.map(({ name }) => name).sort());
    const run = programs.filter(([, , , tested]) => tested === "yes").map(([, file]) => file);
    assert.equal(run.length, Object.keys({ ...PROGRAMS, ...V2_PROGRAMS }).length + 1);
    for (const [, file, , tested] of programs)
      assert.equal(/^\S+ Not run by the tests\./.test(read(file)), tested === "no", file);
  });

  it("the versions in the index are those in the files, and those that run here", () => {
    const installed = JSON.parse(readFileSync(path("node_modules/socket.io-client/package.json"))).version;
    const python = readFileSync(path("requirements.txt"), "utf8").match(/^python-socketio==(.+)$/m)[1];
    const here = { javascript: installed, typescript: installed, python };
    const manifest = {
      javascript: "package.json",
      typescript: "package.json",
      python: "requirements.txt",
      rust: "Cargo.toml",
      java: "pom.xml",
      kotlin: "build.gradle.kts",
      swift: "Package.swift",
      csharp: "client.csproj",
      dart: "pubspec.yaml",
      cpp: "CMakeLists.txt",
    };
    for (const [, file, library] of programs) {
      const [folder] = file.split("/");
      const version = library.match(/ ([\d.]+)$/)?.[1];
      if (folder === "curl") continue;
      assert.ok(read(`${folder}/${manifest[folder]}`).includes(version), `${file}: ${library}`);
      if (here[folder]) assert.equal(version, here[folder], `${file}: what the tests run with`);
    }
  });
});
