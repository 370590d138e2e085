// docs/asyncapi.yaml is right: the official parser finds nothing, its examples fit their schemas, and the server answers
// as its conversations say.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Document, parse, source } from "../harness/asyncapi.mjs";
import { serverFor } from "../harness/server.mjs";

const server = serverFor();
const { wrong, json } = await parse(source());

it("the official parser finds nothing", () => assert.deepEqual(wrong, []));

describe("the examples", () => {
  const document = new Document(json);

  it("fit their schemas", () => {
    for (const reference of document.examples()) {
      const { message, payload } = document.example(reference);
      document.check(message, payload);
    }
  });

  it("show every error code that something causes", () => {
    const { Refused } = json.components.schemas;
    const codes = new Set(json.components.messages.refused.examples.map(({ payload }) => payload.error.code));
    const unused = Refused.properties.error.properties.code.enum.filter((code) => !codes.has(code));
    assert.deepEqual(unused, ["msg_invalid"]);
  });
});

describe("the server answers as the document says", () => {
  const document = new Document(json);
  for (const [name, steps] of Object.entries(document.conversations))
    it(name, () => document.play(server, steps));

  it("and every example was played", () => assert.deepEqual(document.unplayed(), []));
});

describe("a mistake in the document is found", () => {
  const altered = (change) => {
    const copy = structuredClone(json);
    change(copy.components.messages, copy["x-conversations"], copy.components.schemas);
    return new Document(copy);
  };
  const example = (messages, message, name) => messages[message].examples.find((one) => one.name === name);
  const fails = async (conversation, change, expected) => {
    const document = altered(change);
    await assert.rejects(() => document.play(server, document.conversations[conversation]), expected);
  };

  it("by the parser", async () => {
    for (const [text, instead] of [
      ["action: send", "action: sent"],
      ["#/components/messages/done", "#/components/messages/gone"],
      ["minLength: 1", "minLength: one"],
    ]) {
      assert.ok(source().includes(text));
      const { wrong } = await parse(source().replace(text, instead));
      assert.notDeepEqual(wrong, [], instead);
    }
  });

  it("in what is sent", () =>
    fails(
      "programs",
      (messages) => {
        example(messages, "text", "endOfClass").payload.msg = "Class ends in 6 minutes";
      },
      /Class ends in 5 minutes/,
    ));

  it("in an acknowledgement", () =>
    fails(
      "programs",
      (messages) => {
        example(messages, "entered", "two").payload.count = 3;
      },
      /count: 3/,
    ));

  it("in an error's code", () =>
    fails(
      "refusedBeforeJoined",
      (messages) => {
        example(messages, "refused", "roomInvalid").payload.error.code = "room_required";
      },
      /room_invalid/,
    ));

  it("in a schema that the answer does not fit", () =>
    fails(
      "programs",
      (messages) => {
        messages.entered.payload.properties.members.maxItems = 1;
      },
      /maxItems/,
    ));

  it("in what is heard, and in who hears it", async () => {
    await fails(
      "programs",
      (messages) => {
        example(messages, "message", "short").payload.msg = "Bell: Thanks";
      },
      /Thanks/,
    );
    await fails(
      "programs",
      (_, { programs }) => {
        delete programs[1].hear.Ada;
      },
      /what Ada heard/,
    );
  });

  it("in an example that nobody plays", () => {
    const document = altered((messages) => {
      messages.left.examples.push({ name: "forgotten", payload: {} });
    });
    assert.ok(document.unplayed().includes("left/forgotten"));
  });

  it("in an example that does not fit its schema", () => {
    const document = altered((messages) => {
      example(messages, "status", "adaLeft").payload = { text: "Ada has left the room." };
    });
    const { message, payload } = document.example("status/adaLeft");
    assert.throws(() => document.check(message, payload), /must have required property 'msg'/);
  });
});
