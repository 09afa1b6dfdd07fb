// Where a class is joined.

import { get } from "./asking.js";

// The addresses, with the code, the best first: what the server finds out now, as a laptop may change its network.
export async function joinAddresses(code) {
  const found = await get("addresses").catch(() => [`${location.origin}/`]);
  return found.map((address) => `${address}r/${code}`);
}
