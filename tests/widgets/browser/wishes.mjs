// What links ask of labs, as the page reads them: a list of fragments comes in, the wishes go out.

import { readFileSync } from "node:fs";

import { wishOf } from "../../../widgets/browser/acting_link.js";

const fragments = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(fragments.map(wishOf)));
