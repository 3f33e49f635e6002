import { type FeatureRow, features } from "../../src/capability/features.ts";

const places = {
  provisioned: "provisioned data planes",
  routability: "provisioned data planes, experimental channel of v1.7",
} as const satisfies Record<NonNullable<FeatureRow["needs"]>, string>;

/** `docs/reference/features.md`. */
export function renderFeatures(): string {
  const rows = Object.entries<FeatureRow>(features).map(
    ([name, { what, needs, judge }]) =>
      `| ${name} | ${what} | ${needs === undefined ? "all data planes" : places[needs]} | ${judge === "own" ? "our own tests" : "the official suite"} |`,
  );
  return `# Features

The features in \`GatewayClass.status.supportedFeatures\`, with the names of Gateway API v1.7.0 (and two of v1.6). Generated from \`src/capability/features.ts\` by \`npm run docs\`.

Most are tested by the official conformance suite ([reports](../conformance)), the others by \`npm run check:cluster\` on the same setup.

| feature | description | available with | tested by |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}
