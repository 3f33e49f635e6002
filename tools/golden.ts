/** `npm run golden`: writes the golden files of every case anew; read the diff, it is the review. */
import { goldenCases, updateCase } from "../test/golden/golden-case.ts";

for (const golden of goldenCases) {
  for (const changed of await updateCase(golden)) console.log(`wrote ${changed}`);
}
