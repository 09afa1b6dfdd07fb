// Judges answers as a page does: cases by question on stdin, verdicts by question on stdout.

import { readFileSync } from "node:fs";

import { judged } from "../../../widgets/browser/verdict.js";

const cases = JSON.parse(readFileSync(0, "utf8"));
const judge = ({ kind, verdicts, answers }) => answers.map((answer) => judged(kind, verdicts, answer));
console.log(JSON.stringify(Object.fromEntries(Object.entries(cases).map(([name, each]) => [name, judge(each)]))));
