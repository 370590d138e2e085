// A client of v2 over a bare socket, so that one process holds ten thousand. In a room of that many, fifty million times
// somebody is told who has entered: what nobody here waits for is passed over unread.

import { connect } from "node:net";

/** What begins a packet of Engine.IO or of the namespace, as its first bytes. */
const [OPEN, PING, MESSAGE, CONNECT, EVENT, ACK] = [..."024023"].map((digit) => digit.charCodeAt(0));
const PREFIX = "4x/v2,".length;

/** A client. */
export class BareClient {
  #answers = new Map();
  #asked = 0;
  #rest = Buffer.alloc(0);
  #ready;
  /** Hears events; without it, they are passed over. */
  heard;

  constructor(server) {
    this.socket = connect(server.port, "127.0.0.1");
    this.socket.setNoDelay(true);
    this.socket.write(
      "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    this.connected = new Promise((resolve, reject) => {
      this.#ready = resolve;
      this.socket.on("error", reject);
      this.socket.on("close", () => reject(new Error("the server has closed a connection")));
    });
    this.socket.once("data", (head) => {
      this.socket.on("data", (bytes) => this.#frames(bytes));
      const end = head.indexOf("\r\n\r\n") + 4;
      if (head.length > end) this.#frames(head.subarray(end));
    });
  }

  /** The answer, and after how long (ms) it came. */
  ask(event, body) {
    const id = this.#asked++;
    const begin = performance.now();
    this.#send(`42/v2,${id}${JSON.stringify([event, body])}`);
    return new Promise((resolve, reject) => {
      this.#answers.set(id, (answer) => {
        if (answer.ok) resolve({ ...answer, took: performance.now() - begin });
        else reject(new Error(answer.error.message));
      });
    });
  }

  /** A frame whose mask is zeros. */
  #send(text) {
    const payload = Buffer.from(text);
    const { length } = payload;
    const size = length < 126 ? [128 | length] : [128 | 126, length >> 8, length & 255];
    this.socket.write(Buffer.concat([Buffer.from([129, ...size, 0, 0, 0, 0]), payload]));
  }

  #frames(bytes) {
    const data = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    while (data.length - at >= 2) {
      let [begin, length] = [at + 2, data[at + 1]];
      if (length === 126) {
        if (data.length - at < 4) break;
        [begin, length] = [at + 4, data.readUInt16BE(at + 2)];
      } else if (length === 127) {
        if (data.length - at < 10) break;
        [begin, length] = [at + 10, Number(data.readBigUInt64BE(at + 2))];
      }
      if (begin + length > data.length) break;
      this.#packet(data, begin, begin + length);
      at = begin + length;
    }
    this.#rest = data.subarray(at);
  }

  #packet(data, begin, end) {
    const [kind, inner] = [data[begin], data[begin + 1]];
    if (kind === PING) this.#send("3");
    else if (kind === OPEN) this.#send("40/v2,");
    else if (kind === MESSAGE && inner === CONNECT) this.#ready();
    else if (kind === MESSAGE && inner === ACK) {
      const [, id, json] = data.toString("utf8", begin + PREFIX, end).match(/^(\d+)(.*)$/s);
      this.#answers.get(Number(id))(JSON.parse(json)[0]);
      this.#answers.delete(Number(id));
    } else if (kind === MESSAGE && inner === EVENT && this.heard !== undefined)
      this.heard(...JSON.parse(data.toString("utf8", begin + PREFIX, end)));
  }
}
