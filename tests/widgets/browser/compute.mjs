// Calls of functions of the browser's modules, as JSON: file, name and arguments of each; what they return.

import { readFileSync } from "node:fs";

const calls = JSON.parse(readFileSync(0, "utf-8"));
const files = [...new Set(calls.map(([file]) => file))];
const modules = await Promise.all(files.map((file) => import(`../../../widgets/browser/${file}`)));
const found = calls.map(([file, name, given]) => modules[files.indexOf(file)][name](...given));
process.stdout.write(JSON.stringify(found));
