// A class's pages: axes of small figures, and the line over which a page hears what happens.

import assert from "node:assert/strict";
import test from "node:test";

import { Axis, said } from "../../../deploy/classroom/browser/plot.js";

test("a place on an axis and its value lead back to each other, linear and in decades", () => {
  for (const axis of [new Axis({ range: [-2, 6] }), new Axis({ log: true, range: [-3, 2] })])
    for (const share of [0, 0.25, 0.6, 1]) assert.ok(Math.abs(axis.place(axis.valueAt(share)) - share) < 1e-12);
});

test("what is beyond an axis stands at its edge", () => {
  const axis = new Axis({ log: true, range: [-3, 2] });
  assert.deepEqual(
    [1e9, 1e-9, 0, -1].map((value) => axis.place(value)),
    [1, 0, 0, 0],
  );
});

test("ticks are round numbers within the axis", () => {
  assert.deepEqual(new Axis({ range: [0, 2] }).ticks(4), [0, 0.5, 1, 1.5, 2]);
  assert.deepEqual(new Axis({ range: [3, 41] }).ticks(4), [10, 20, 30, 40]);
  assert.deepEqual(new Axis({ log: true, range: [-2, 1] }).ticks(4), [0.01, 0.1, 1, 10]);
});

test("numbers are said as they are read", () => {
  assert.deepEqual([0, 0.5, -1.25, 1234.4, 1e-7, 2.5e-6, -1e6].map(said), [
    "0",
    "0.5",
    "−1.25",
    "1230",
    "10⁻⁷",
    "2.5·10⁻⁶",
    "−1·10⁶",
  ]);
});

// ---- the line ----

class Source {
  static all = [];

  constructor(address) {
    Object.assign(this, { address, listeners: {}, isClosed: false });
    Source.all.push(this);
  }

  addEventListener(type, listener) {
    this.listeners[type] = listener;
  }

  close() {
    this.isClosed = true;
  }

  say(type, content = "") {
    this.listeners[type]({ data: content && JSON.stringify(content) });
  }
}

const handlers = {};
const STATE = { class: { members: 2, vote: { id: 5, round: 1, answered: 0 } }, you: {} };
globalThis.EventSource = Source;
globalThis.window = { addEventListener: (type, listener) => (handlers[type] = listener) };
globalThis.document = {
  visibilityState: "visible",
  addEventListener: (type, listener) => (handlers[type] = listener),
  getElementById: () => ({ dataset: { class: JSON.stringify({ base: "/at/", lessons: ["/l/{}.html"] }) } }),
};
globalThis.fetch = async () => ({ ok: true, json: async () => structuredClone(STATE) });
const { ClassStream } = await import("../../../deploy/classroom/browser/stream.js");

const settled = () => new Promise(setImmediate);

async function opened(options = {}) {
  Source.all.length = 0;
  const heard = { states: [], lines: [], ends: 0 };
  const stream = new ClassStream({
    onState: (state) => heard.states.push(structuredClone(state)),
    onLine: (isThere) => heard.lines.push(isThere),
    onEnd: () => (heard.ends += 1),
    ...options,
  });
  await stream.open();
  return { stream, heard };
}

test("a page hears the state, and numbers alone after that", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { heard } = await opened();
  const [source] = Source.all;
  assert.equal(source.address, "/at/class/stream");
  source.say("counts", { members: 3, vote: 5, round: 1, answered: 2 });
  source.say("counts", { members: 4, vote: 6, round: 1, answered: 9 }); // of a question that this page does not have yet
  assert.equal(heard.states.at(-1).class.members, 4);
  assert.equal(heard.states.at(-1).class.vote.answered, 2);
});

test("numbers that come while nothing is asked are taken, too", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { stream, heard } = await opened();
  stream.take({ class: { members: 1, vote: null }, you: {} });
  Source.all[0].say("counts", { members: 2 });
  assert.equal(heard.states.at(-1).class.members, 2);
});

test("a line that is silent for forty seconds is lost, and looked for", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { heard } = await opened();
  t.mock.timers.tick(30000);
  Source.all[0].say("beat");
  t.mock.timers.tick(39000);
  assert.deepEqual(heard.lines, []);
  t.mock.timers.tick(2000);
  assert.deepEqual(heard.lines, [false]);
  assert.ok(Source.all[0].isClosed);
  t.mock.timers.tick(3000);
  await settled();
  assert.equal(Source.all.length, 2);
  Source.all[1].say("state", STATE);
  assert.deepEqual(heard.lines, [false, true]);
});

test("a page out of sight hears nothing, unless it is the teacher's, and all when it is seen again", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { heard } = await opened();
  globalThis.document.visibilityState = "hidden";
  handlers.visibilitychange();
  assert.ok(Source.all[0].isClosed);
  globalThis.document.visibilityState = "visible";
  handlers.visibilitychange();
  assert.equal(Source.all.length, 2);
  assert.deepEqual(heard.lines, []);
  await opened({ listensHidden: true });
  globalThis.document.visibilityState = "hidden";
  handlers.visibilitychange();
  globalThis.document.visibilityState = "visible";
  assert.equal(Source.all.length, 1);
  assert.ok(!Source.all[0].isClosed);
});

test("the end of a class closes the line for good", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { heard } = await opened();
  Source.all[0].say("end");
  t.mock.timers.tick(60000);
  handlers.online();
  handlers.visibilitychange();
  assert.equal(heard.ends, 1);
  assert.equal(Source.all.length, 1);
});

test("a page that was away while the class ended learns so when it looks for the line", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { heard } = await opened();
  const known = globalThis.fetch;
  globalThis.fetch = async () => ({ ok: false, status: 401, json: async () => ({ refusal: "Nobody." }) });
  Source.all[0].say("error");
  t.mock.timers.tick(3000);
  await settled();
  globalThis.fetch = known;
  assert.equal(heard.ends, 1);
  assert.equal(Source.all.length, 1);
});

test("a page that gives way to others of its browser does not push them out in turn", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { heard } = await opened();
  Source.all[0].say("enough");
  t.mock.timers.tick(60000);
  await settled();
  assert.equal(Source.all.length, 1);
  assert.deepEqual([heard.ends, heard.lines], [0, []]);
  handlers.visibilitychange(); // somebody comes back to it
  assert.equal(Source.all.length, 2);
});

test("a learner's page is free after ninety seconds without a line, until there is one again", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { stream, heard } = await opened();
  const known = globalThis.fetch;
  globalThis.fetch = async () => {
    throw new TypeError("no line");
  };
  const frozen = { ...STATE, class: { ...STATE.class, pace: "frozen" } };
  Source.all[0].say("state", frozen);
  Source.all[0].say("error");
  t.mock.timers.tick(89000);
  assert.equal(stream.state.class.pace, "frozen");
  t.mock.timers.tick(2000);
  assert.equal(heard.states.at(-1).class.pace, "free");
  globalThis.fetch = known;
  stream.listen();
  Source.all.at(-1).say("state", frozen);
  assert.equal(heard.states.at(-1).class.pace, "frozen");
});
