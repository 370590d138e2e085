// nginx and HAProxy as programs of a test.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./port.mjs";
import { DEADLINE, within } from "./time.mjs";

const found = (name) => [`/usr/sbin/${name}`, `/usr/local/sbin/${name}`].find(existsSync) ?? name;

/** nginx with these blocks of `http` (PORT stands for its port). */
export async function nginx(blocks) {
  const [home, port] = [mkdtempSync(join(tmpdir(), "alert-nginx-")), await freePort()];
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${home}/${name};`)
    .join("\n");
  const config = `
    daemon off;
    master_process off;
    error_log ${home}/error.log;
    pid ${home}/pid;
    events {}
    http {
      access_log off;
      ${temporary}
      ${blocks.replaceAll("PORT", port)}
    }`;
  writeFileSync(join(home, "nginx.conf"), config);
  const args = ["-p", home, "-e", `${home}/error.log`, "-c", join(home, "nginx.conf")];
  return start(found("nginx"), args, home, port);
}

/** HAProxy before these servers, each request to the next. */
export async function haproxy(servers) {
  const [home, port] = [mkdtempSync(join(tmpdir(), "alert-haproxy-")), await freePort()];
  const config = `
defaults
    mode http
    timeout connect 1s
    timeout client 60s
    timeout server 60s
    timeout tunnel 1h
    retries 3
    option redispatch 1
frontend front
    bind 127.0.0.1:${port}
    default_backend alert
backend alert
    balance roundrobin
    option forwardfor
${servers.map(({ host }, place) => `    server alert-${place} ${host} check inter 500ms`).join("\n")}
`;
  writeFileSync(join(home, "haproxy.cfg"), config);
  return start(found("haproxy"), ["-q", "-db", "-f", join(home, "haproxy.cfg")], home, port);
}

async function start(program, args, home, port) {
  const child = spawn(program, args);
  let problem = "";
  child.stderr.on("data", (chunk) => (problem += chunk));
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = once(child, "exit");
  const stop = async () => {
    kill();
    await ended;
    process.off("exit", kill);
    rmSync(home, { recursive: true, force: true });
  };
  const failed = ended.then(([code]) => assert.fail(`${program} ended with ${code}: ${problem}`));
  failed.catch(() => {});
  await within(DEADLINE, `${program} to listen`, Promise.race([listening(port), failed]), () => problem);
  return { port, host: `127.0.0.1:${port}`, url: `http://127.0.0.1:${port}`, stop };
}

async function listening(port) {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const is = await Promise.race([once(socket, "connect"), once(socket, "error")]).then(
      (args) => args.length === 0,
      () => false,
    );
    socket.destroy();
    if (is) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
