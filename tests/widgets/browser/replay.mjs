// What two recorded runs show after each of their moments, on stdout: `run`, and `difference` upon `base`, from stdin.

import { readFileSync } from "node:fs";

import { RecordedRun } from "../../../widgets/browser/record.js";

const { run, base, difference } = JSON.parse(readFileSync(0, "utf8"));
const after = (recorded) =>
  recorded.moments.map((_, moment) => {
    const { ops, numbers } = recorded.message(0, moment);
    return { ops, numbers: Array.from(numbers, String), shown: recorded.shown(moment) };
  });
console.log(JSON.stringify([new RecordedRun(run), new RecordedRun(difference, new RecordedRun(base))].map(after)));
