import { type Fault, faults } from "./fault.ts";

/** The rows of `docs/reference/http-strictness.md`, made from the table of faults. */
export function renderStrictnessTable(): string {
  const rows = Object.entries(faults as Readonly<Record<string, Fault>>).map(
    ([name, { status, on, reason, rule }]) =>
      `| \`${name}\` | ${on === "response" ? "" : status} | ${on === "request" ? "" : "502"} | ${reason} | ${rule} |`,
  );
  return [
    "| name | from a client | from a backend | what is refused | rule |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}
