import assert from "node:assert/strict";
import { test } from "node:test";
import { Pushing } from "../src/pushing.ts";
import { isSame, type PushNotice, shown } from "../src/pushnotice.ts";

/** A browser that has subscribed. */
function browser(): { isSubscribed: boolean } {
  const state = { isSubscribed: true };
  const subscription = {
    endpoint: "https://push.example/1",
    unsubscribe: async () => {
      state.isSubscribed = false;
      return true;
    },
  };
  const pushManager = { getSubscription: async () => (state.isSubscribed ? subscription : null) };
  const serviceWorker = { getRegistration: async () => ({ pushManager }) };
  Object.defineProperty(globalThis, "navigator", { value: { serviceWorker }, configurable: true });
  return state;
}

test("switching off ends it for all rooms, also where the server does not answer, which is said", async () => {
  for (const [answer, why] of [
    [{ ok: true }, ""],
    [undefined, "no_answer"],
  ] as const) {
    const state = browser();
    const asked: object[] = [];
    const pushing = new Pushing(
      async (body) => {
        asked.push(body);
        return answer;
      },
      "en",
      {},
    );
    assert.equal(await pushing.end(), why);
    assert.deepEqual(asked, [{ action: "unsubscribe", endpoint: "https://push.example/1" }]);
    assert.ok(!state.isSubscribed);
  }
});

test("leaving a room lets the device be told of others", async () => {
  const state = browser();
  const pushing = new Pushing(async () => ({ ok: true }), "en", {});
  assert.equal(await pushing.leave(), "");
  assert.ok(state.isSubscribed);
});

test("two notices say the same if level and words are the same, as far as the server sends them", () => {
  const one = { level: "warning", text: "Ice on the stairs" } as const;
  assert.ok(isSame(one, { ...one }));
  assert.ok(isSame(one, { ...one, text: "Ice on…" }));
  assert.ok(!isSame(one, { ...one, text: "Ice on" }));
  assert.ok(!isSame(one, { ...one, level: "emergency" }));
  assert.ok(!isSame(undefined, one));
});

test("where no words are kept, what is over or confirmed does not look as if it were in force", () => {
  const alert = { room: "K7Q", id: "b2rmfwqj", level: "emergency", drill: false, text: "fire" } as const;
  const said = (more: Partial<PushNotice>): string => shown({ ...alert, kind: "over", ...more }, 0).body;
  assert.equal(said({ kind: "alert", drill: true }), "DRILL: EMERGENCY: fire");
  assert.equal(said({}), "Ended: EMERGENCY: fire");
  assert.equal(said({ all_clear: "come back" }), "All clear: come back");
  assert.equal(said({ mistake: true, drill: true }), "DRILL: Raised by mistake: EMERGENCY: fire");
  assert.equal(said({ kind: "confirmed" }), "Confirmed: EMERGENCY: fire");
});
