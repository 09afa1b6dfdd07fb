// A message of Jupyter's from stdin, in hexadecimal: on stdout what the page reads in it, and the message that it makes
// of that again.

import { readFileSync } from "node:fs";

import { packed, unpacked } from "../../../widgets/browser/kernel_line.js";

const bytes = Buffer.from(readFileSync(0, "utf8"), "hex");
const read = unpacked(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const buffers = read.buffers.map((buffer) => buffer.buffer);
const hex = (data) => Buffer.from(data).toString("hex");
console.log(JSON.stringify({ read: { ...read, buffers: buffers.map(hex) }, again: hex(packed({ ...read, buffers })) }));
