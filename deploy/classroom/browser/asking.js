// Asking the class's server for something.

import { base } from "./told.js";

const NO_LINE = "There is no connection to the class right now.";

// What is not done, in a sentence; `isLost` if nobody has answered at all.
class Refusal extends Error {
  constructor(sentence, status) {
    super(sentence);
    Object.assign(this, { status, isLost: status === 0 });
  }
}

async function answered(path, options) {
  let response;
  try {
    response = await fetch(`${base}class/${path}`, { credentials: "same-origin", ...options });
  } catch {
    throw new Refusal(NO_LINE, 0);
  }
  // A proxy in between may answer for a server that is not there.
  const content = await response.json().catch(() => null);
  if (content === null) throw new Refusal(NO_LINE, 0);
  if (!response.ok) throw new Refusal(content.refusal ?? NO_LINE, response.status);
  return content;
}

export const get = (path) => answered(path, {});
export const send = (path, content, method = "POST") => answered(path, { method, body: JSON.stringify(content) });
export const askAsMember = (content) => send("member", content);
export const askAsTeacher = (content) => send("teach", content);
