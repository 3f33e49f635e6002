/** Where answers differ from those of ingress-nginx, on purpose: docs/migration/differences.md is made from this table. */
import type { FindingName } from "../finding/catalogue.ts";

export type IngressDifference = {
  readonly title: string;
  /** What ingress-nginx does. */
  readonly nginx: string;
  /** What Sluice does. */
  readonly sluice: string;
  /** Why Sluice does not do the same. */
  readonly why: string;
  /** Names the difference where it shows; `undefined`: it shows everywhere, and is not worth a line each time. */
  readonly finding: FindingName | undefined;
};

export const differences = {
  "own-pages": {
    title: "Pages of the gateway's own",
    nginx: "Errors and redirects of its own have an HTML page that names nginx.",
    sluice: "They have the same status, and a line of plain text.",
    why: "Nothing reads the page but people, and it tells attackers which program answers.",
    finding: undefined,
  },
} as const satisfies Readonly<Record<string, IngressDifference>>;

export type DifferenceId = keyof typeof differences;
