// An answer that could not be sent yet: kept by the browser until there is a line again.

import { askAsMember } from "./asking.js";

const KEY = "tdl class unsent";

export function unsent() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}

function keep(answer) {
  try {
    if (answer) sessionStorage.setItem(KEY, JSON.stringify(answer));
    else sessionStorage.removeItem(KEY);
  } catch {
    // then it waits in this page alone
  }
}

// Sends an answer; returns what is the member's own then. It is kept where there is no line; a refusal ends it.
export async function sendAnswer(answer) {
  keep(answer);
  try {
    const own = await askAsMember({ do: "answer", ...answer });
    keep(null);
    return own;
  } catch (refusal) {
    if (!refusal.isLost) keep(null);
    throw refusal;
  }
}
