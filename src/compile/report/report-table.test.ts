import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { makeFinding } from "../../finding/catalogue.ts";
import type { Finding } from "../../finding/finding.ts";
import { type Report, ReportTable } from "./report-table.ts";

const object = { kind: "Gateway", group: "gateway.networking.k8s.io", namespace: "infra", name: "edge" };
const finding = (pointer: string, fix = "-"): Finding =>
  makeFinding("certificate-expired", { object, pointer, message: "Old.", fix });
const say = (...findings: readonly Finding[]): Report => ({ status: [], findings });

describe("ReportTable", () => {
  it("shows the same mistake once, in the same order whatever the order of the reports", () => {
    const [a, b, other] = [say(finding("/b", "1")), say(finding("/b", "2")), say(finding("/a"))];
    const shown = [a, b, other].map((first) => {
      const table = new ReportTable();
      for (const report of new Set([first, b, a, other])) table.replace(undefined, report);
      return table.flush().findings;
    });
    assert.deepEqual(
      shown[0]?.map(({ pointer, fix }) => [pointer, fix]),
      [
        ["/a", "-"],
        ["/b", "1"],
      ],
    );
    for (const findings of shown) assert.deepEqual(findings, shown[0]);
  });

  it("goes on showing what another report still says, and keeps lists of which nothing changes", () => {
    const table = new ReportTable();
    const [one, two] = [say(finding("/b")), say(finding("/b"))];
    table.replace(undefined, one);
    table.replace(undefined, two);
    const before = table.flush();
    table.replace(one, undefined);
    assert.deepEqual(table.flush().findings, before.findings);
    assert.equal(table.flush().findings, table.flush().findings);
    table.replace(two, undefined);
    assert.deepEqual(table.flush().findings, []);
  });
});
