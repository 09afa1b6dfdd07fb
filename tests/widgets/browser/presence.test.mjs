// For how long a lab says that it has heard nothing from its kernel.

import assert from "node:assert/strict";
import test from "node:test";

globalThis.document = { body: { dataset: {} }, addEventListener() {}, removeEventListener() {} };
const { Presence } = await import("../../../widgets/browser/presence.js");

test("silence is counted from what was asked, not from the last word before", (context) => {
  let [now, trouble] = [0, ""];
  context.mock.method(performance, "now", () => now);
  const model = { on() {}, off() {}, send() {} };
  const presence = new Presence(
    model,
    () => false,
    () => (trouble = presence.trouble),
  );
  now = 360000; // six minutes of reading
  presence.command({ do: "play" });
  for (let beat = 0; beat < 5; beat++) {
    now += 5000;
    presence.beat();
  }
  assert.equal(trouble, "no word from the kernel for 25 s");
  presence.close();
});
