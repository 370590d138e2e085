// A person is a name in a room: it enters with its first connection and leaves with its last.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client, entered, fresh, left, said, TRANSPORTS } from "../harness/client.mjs";
import { serverFor } from "../harness/server.mjs";

const server = serverFor("--leave-grace", "100ms");

for (const transport of TRANSPORTS) {
  describe(`over ${transport}`, () => {
    const connect = () => Client.connect(server, transport);

    it("the others hear of the first connection and of the last", async () => {
      const room = fresh("room");
      const [bob, one, two, three] = [await connect(), await connect(), await connect(), await connect()];
      await bob.join(room, "Bob");
      await one.join(room, "Ada");
      assert.deepEqual((await two.join(room, " A\u200Bda ")).members, ["Bob", "Ada"]);
      assert.equal((await three.join(room, "Ada")).count, 2);
      assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada")]);
      assert.deepEqual(await one.seen(bob), [entered("Ada")], "nothing of the second and third");
      assert.deepEqual(await two.seen(bob), [entered("Ada")], "its own entering, and not the third's");

      await one.ask("left", { headless: true });
      two.close();
      await server.logged(new RegExp(`lost room="${room}" name="Ada"`));
      await three.ask("text", { headless: true, msg: "still here" });
      assert.deepEqual(await bob.seen(), [said("Ada", "still here")]);
      await three.ask("left", { headless: true });
      assert.deepEqual(await bob.seen(), [left("Ada")]);
    });

    it("the last connection may also be lost", async () => {
      const room = fresh("room");
      const [bob, one, two] = [await connect(), await connect(), await connect()];
      await bob.join(room, "Bob");
      await one.join(room, "Ada");
      await two.join(room, "Ada");
      await one.ask("left", {});
      two.close();
      await bob.waitFor("status", "Ada has left the room.");
      assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada"), left("Ada")]);
    });

    it("the same name in two rooms is two persons; case makes two persons too", async () => {
      const [first, second] = [fresh("room"), fresh("room")];
      const [one, two, three] = [await connect(), await connect(), await connect()];
      await one.join(first, "Ada");
      assert.deepEqual((await two.join(second, "Ada")).members, ["Ada"]);
      assert.deepEqual((await three.join(first, "ada")).members, ["Ada", "ada"]);
      await two.ask("left", {});
      assert.deepEqual(await one.seen(), [entered("Ada"), entered("ada")]);
    });

    it("room codes differ by case", async () => {
      const room = fresh("room");
      const [one, two] = [await connect(), await connect()];
      await one.join(room, "Ada");
      assert.deepEqual((await two.join(room.toUpperCase(), "Bob")).members, ["Bob"]);
    });
  });
}
