// A slider that is moved faster than its lab answers.

import assert from "node:assert/strict";
import test from "node:test";

import { Wishes } from "../../../widgets/browser/wishes.js";

// Where a slider stands after each of these: a number is what a person moves it to, "=1" what the lab says that it has.
function stands(held, ...what) {
  const wishes = new Wishes(held);
  return what.map((each) => {
    if (typeof each === "number") wishes.add(each);
    else wishes.hear(Number(each.slice(1)));
    return wishes.value;
  });
}

test("a late answer does not take a slider back to where it was", () => {
  assert.deepEqual(stands(1, 1.05, 1.1, "=1.05", 1.15, "=1.1", "=1.15"), [1.05, 1.1, 1.1, 1.15, 1.15, 1.15]);
});

test("a way there and back is not over with its first answer, nor before it", () => {
  assert.deepEqual(stands(1, 1.05, 1, "=1", "=1.05", 1.05, "=1", "=1.05"), [1.05, 1, 1, 1, 1.05, 1.05, 1.05]);
  const wishes = new Wishes(1);
  wishes.add(1.05);
  wishes.add(1);
  wishes.hear(1.05);
  assert.ok(wishes.pending);
  wishes.hear(1);
  assert.ok(!wishes.pending);
});

test("what was never sent, as another wish came at once, is not waited for", () => {
  assert.deepEqual(stands(1, 1.05, 1.1, 1.15, "=1.05", "=1.15", "=2"), [1.05, 1.1, 1.15, 1.15, 1.15, 2]);
});

test("what is set elsewhere takes the slider along", () => {
  assert.deepEqual(stands(1, 1.05, "=0.3", 0.35), [1.05, 0.3, 0.35]);
});

test("a wish that is given up leaves what the lab has", () => {
  const wishes = new Wishes(1);
  wishes.add(9);
  wishes.forget(1);
  assert.equal(wishes.value, 1);
  assert.ok(!wishes.pending);
});
