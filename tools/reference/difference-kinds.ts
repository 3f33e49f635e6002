import { differenceKinds } from "../../src/migrate/verify/difference-kinds.ts";

/** The kinds of differences in `docs/migration/verify.md`. */
export function renderDifferenceKinds(): string {
  const rows = Object.entries(differenceKinds).map(
    ([name, { title, explains }]) => `| \`${name}\` | ${title} | ${explains} |`,
  );
  return ["| kind | what differs | why |", "| --- | --- | --- |", ...rows].join("\n");
}
