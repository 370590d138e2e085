import assert from "node:assert/strict";
import { test } from "node:test";
import { isDecided } from "../src/screenrefusal.ts";

const refusal = (code: string, reason?: string) => ({ code, message: "", ...(reason && { reason }) });

test("a server that cannot answer has decided nothing: what is known stays on the wall", () => {
  const passing = [
    refusal("unavailable"),
    refusal("server_full"),
    refusal("rate_limited"),
    refusal("password_required", "password_busy"),
    refusal("not_allowed", "password_wait"),
    refusal("not_allowed", "full"),
  ];
  assert.deepEqual(passing.filter(isDecided), []);
});

test("what a host or a token does not allow is decided", () => {
  const decided = [
    refusal("", "closed"),
    refusal("not_allowed", "locked"),
    refusal("not_allowed", "banned"),
    refusal("not_allowed"),
    refusal("password_required", "password"),
    refusal("password_required", "password_wrong"),
    refusal("token_expired"),
  ];
  assert.deepEqual(decided.filter(isDecided), decided);
});
