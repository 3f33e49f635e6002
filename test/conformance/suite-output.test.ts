import assert from "node:assert/strict";
import { test } from "node:test";
import { SuiteOutput } from "./suite-output.ts";

/** As `go test -test.v` prints it, shortened. */
const output = `=== RUN   TestConformance
    conformance.go:72: Running conformance tests with:
=== RUN   TestConformance/Serial
    conformance.go:80: Applying tests/serial.yaml
=== RUN   TestConformance/Serial/one_request
    http.go:1: first attempt
=== RUN   TestConformance/Serial/another_request
    http.go:1: fine
=== NAME  TestConformance/Serial/one_request
    http.go:2: timeout while waiting
=== RUN   TestConformance/Paused
=== PAUSE TestConformance/Paused
=== RUN   TestConformance/MeshBasic
    conformance.go:50: Skipping MeshBasic: suite does not support Mesh
=== CONT  TestConformance/Paused
    conformance.go:80: Applying tests/paused.yaml
--- FAIL: TestConformance (1.50s)
    --- FAIL: TestConformance/Serial (0.25s)
        --- FAIL: TestConformance/Serial/one_request (0.20s)
        --- PASS: TestConformance/Serial/another_request (0.01s)
    --- SKIP: TestConformance/MeshBasic (0.00s)
    --- PASS: TestConformance/Paused (1.00s)
FAIL`;

test("SuiteOutput tells the outcome of each test, and why one failed from its failed parts alone", () => {
  const suite = new SuiteOutput();
  for (const line of output.split("\n")) suite.add(line);
  assert.deepEqual(suite.results, [
    {
      name: "Serial",
      outcome: "failed",
      seconds: 0.25,
      log: [
        "conformance.go:80: Applying tests/serial.yaml",
        'in "one request":',
        "http.go:1: first attempt",
        "http.go:2: timeout while waiting",
      ],
    },
    {
      name: "MeshBasic",
      outcome: "skipped",
      seconds: 0,
      log: ["conformance.go:50: Skipping MeshBasic: suite does not support Mesh"],
    },
    {
      name: "Paused",
      outcome: "passed",
      seconds: 1,
      log: ["conformance.go:80: Applying tests/paused.yaml"],
    },
  ]);
});

test("SuiteOutput tells of each test once when it begins, a paused one when it goes on, a skipped one never", () => {
  const suite = new SuiteOutput();
  const begun = output.split("\n").flatMap((line) => suite.add(line) ?? []);
  assert.deepEqual(begun, ["Serial", "Paused"]);
});

test("SuiteOutput keeps the last lines of a test that logs without end", () => {
  const suite = new SuiteOutput();
  suite.add("=== RUN   TestConformance/Long");
  for (let line = 1; line <= 1000; line++) suite.add(`    http.go:1: attempt ${line}`);
  suite.add("    --- FAIL: TestConformance/Long (9.00s)");
  assert.equal(suite.results[0]?.log.at(-1), "http.go:1: attempt 1000");
  assert.ok((suite.results[0]?.log.length ?? 0) < 100);
});
