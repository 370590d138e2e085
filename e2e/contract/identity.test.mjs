// Who a connection speaks for when it joins headless, and what a second `joined` does.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client, entered, fresh, left, said, TRANSPORTS } from "../harness/client.mjs";
import { login } from "../harness/http.mjs";
import { serverFor } from "../harness/server.mjs";

const server = serverFor();

for (const transport of TRANSPORTS) {
  describe(`over ${transport}`, () => {
    const connect = (options) => Client.connect(server, transport, options);

    it("headless: true takes name and room from the body, whatever cookie comes along", async () => {
      const [room, other] = [fresh("room"), fresh("room")];
      const cookie = await login(server, "Cookie", other);
      const ada = await connect({ extraHeaders: { cookie } });
      assert.deepEqual(await ada.join(room, "Ada"), { ok: true, room, members: ["Ada"], count: 1 });
      await ada.ask("text", { headless: true, name: "Gate", msg: "hello" });
      assert.deepEqual(await ada.seen(), [entered("Ada"), said("Gate", "hello")]);
    });

    for (const headless of [false, undefined]) {
      it(`headless ${headless} without a web session: not_logged_in`, async () => {
        const room = fresh("room");
        const ada = await connect();
        const body = { headless, name: "Ada", room };
        const { ok, error } = await ada.ask("joined", body);
        assert.deepEqual([ok, error.code], [false, "not_logged_in"]);
        ada.send("joined", body);
        await ada.waitFor("status", `Error: ${error.message}`);
        assert.equal((await ada.ask("text", { msg: "hello" })).error.code, "not_joined");
      });
    }

    it("headless that is not a boolean: invalid_body, on every event", async () => {
      const room = fresh("room");
      const [ada, bob] = [await connect(), await connect()];
      await ada.join(room, "Ada");
      await bob.join(room, "Bob");
      for (const headless of ["true", "false", "", 1, 0, null, [], [true], {}]) {
        for (const event of ["joined", "text", "left"]) {
          const body = { headless, name: "Ada", room: fresh("room"), msg: "hello" };
          const ack = await ada.ask(event, body);
          assert.deepEqual(
            [ack.ok, ack.error?.code],
            [false, "invalid_body"],
            `${event} ${JSON.stringify(headless)}`,
          );
        }
      }
      assert.deepEqual(
        await bob.seen(ada),
        [entered("Bob")],
        "Ada is still in the room, and Bob heard nothing",
      );
    });

    it("on later events headless may be missing, and a gateway may speak for several people", async () => {
      const room = fresh("room");
      const [gate, bob] = [await connect(), await connect()];
      await bob.join(room, "Bob");
      await gate.join(room, "Gate");
      assert.deepEqual(await gate.ask("text", { msg: "mine" }), { ok: true });
      assert.deepEqual(await gate.ask("text", { name: "Ada", msg: "from Ada" }), { ok: true });
      assert.deepEqual(await gate.ask("text", { name: " Eve\u200B ", headless: true, msg: "from Eve" }), {
        ok: true,
      });
      assert.deepEqual(await gate.ask("text", { headless: true, msg: "mine again" }), { ok: true });
      const ack = await gate.join(room, "Gate");
      assert.deepEqual(ack.members, ["Bob", "Gate"], "those whom it spoke for are not in the room");
      assert.deepEqual(await bob.seen(), [
        entered("Bob"),
        entered("Gate"),
        said("Gate", "mine"),
        said("Ada", "from Ada"),
        said("Eve", "from Eve"),
        said("Gate", "mine again"),
      ]);
    });

    it("left without a name is the joined person's", async () => {
      const room = fresh("room");
      const [ada, bob] = [await connect(), await connect()];
      await bob.join(room, "Bob");
      await ada.join(room, "Ada");
      assert.deepEqual(await ada.ask("left", {}), { ok: true });
      assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada"), left("Ada")]);
    });

    it("left in another name is still the joined person's", async () => {
      const room = fresh("room");
      const [gate, bob] = [await connect(), await connect()];
      await bob.join(room, "Bob");
      await gate.join(room, "Gate");
      assert.deepEqual(await gate.ask("left", { headless: true, name: "Bob" }), { ok: true });
      assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Gate"), left("Gate")]);
    });

    it("a second joined to the same room changes nothing and announces nothing", async () => {
      const room = fresh("room");
      const [ada, bob] = [await connect(), await connect()];
      await bob.join(room, "Bob");
      await ada.join(room, "Ada");
      assert.deepEqual(await ada.join(room, "Ada"), { ok: true, room, members: ["Bob", "Ada"], count: 2 });
      const otherName = await ada.join(` ${room} `, "Eve");
      assert.deepEqual(otherName, { ok: true, room, members: ["Bob", "Ada"], count: 2 });
      ada.send("joined", { headless: true, name: "Ada", room });
      await ada.ask("text", { headless: true, msg: "once" });
      assert.deepEqual(await ada.seen(), [entered("Ada"), said("Ada", "once")]);
      assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada"), said("Ada", "once")]);
    });

    it("joined to another room leaves the first one and enters the second", async () => {
      const [first, second] = [fresh("room"), fresh("room")];
      const [ada, bob, eve] = [await connect(), await connect(), await connect()];
      await bob.join(first, "Bob");
      await eve.join(second, "Eve");
      await ada.join(first, "Ada");
      assert.deepEqual(await ada.join(second, "Ada L."), {
        ok: true,
        room: second,
        members: ["Eve", "Ada L."],
        count: 2,
      });
      bob.say("not for Ada");
      assert.deepEqual(await bob.seen(), [
        entered("Bob"),
        entered("Ada"),
        left("Ada"),
        said("Bob", "not for Ada"),
      ]);
      assert.deepEqual(await ada.seen(), [entered("Ada"), entered("Ada L.")]);
      assert.deepEqual(await eve.seen(ada), [entered("Eve"), entered("Ada L.")]);
    });

    it("a joined that is refused leaves the connection where it was", async () => {
      const room = fresh("room");
      const ada = await connect();
      await ada.join(room, "Ada");
      assert.equal((await ada.ask("joined", { headless: true, name: "", room: fresh("room") })).ok, false);
      assert.equal((await ada.ask("joined", { room })).error.code, "not_logged_in");
      await ada.ask("text", { msg: "still here" });
      assert.deepEqual(await ada.seen(), [entered("Ada"), said("Ada", "still here")]);
    });
  });
}
