/** Reads what a Go test program prints with `-test.v`. */

export type TestOutcome = "passed" | "failed" | "skipped";

export type TestResult = {
  /** Without the name of the Go function that all tests of the suite are part of. */
  readonly name: string;
  readonly outcome: TestOutcome;
  /** Without parts that went on beside other tests. */
  readonly seconds: number;
  /** The last lines that the test, and the parts of it that failed, logged. */
  readonly log: readonly string[];
};

/** Of one test or one part of it. A failed comparison takes about ten. */
const keptLines = 12;
const keptLinesOfTest = 60;
const header = /^=== (?:RUN|CONT|NAME|PAUSE) +(\S+)/;
const verdict = /^ *--- (PASS|FAIL|SKIP): (\S+) \((\d+(?:\.\d+)?)s\)/;
const outcomes = { PASS: "passed", FAIL: "failed", SKIP: "skipped" } as const satisfies Record<string, TestOutcome>;

/**
 * Follows a run line by line. Lines of parallel tests are mixed, each behind a header that names its test. All verdicts come
 * at the end, a test's before those of its parts.
 */
export class SuiteOutput {
  readonly #results: (TestResult & { log: string[] })[] = [];
  readonly #logs = new Map<string, string[]>();
  readonly #begun = new Set<string>();
  #current = "";

  get results(): readonly TestResult[] {
    return this.#results;
  }

  /** The test of the suite that has begun with this line, if one has. */
  add(line: string): string | undefined {
    const named = header.exec(line);
    if (named !== null) {
      this.#current = named[1] ?? "";
      return undefined;
    }
    const ended = verdict.exec(line);
    if (ended !== null) this.#end(ended);
    else if (line.trim() !== "") return this.#log(line.trim());
    return undefined;
  }

  #log(line: string): string | undefined {
    const log = this.#logs.get(this.#current) ?? [];
    log.push(line);
    if (log.length > keptLines) log.shift();
    this.#logs.set(this.#current, log);
    const [, test] = this.#current.split("/");
    if (test === undefined || this.#begun.has(test)) return undefined;
    this.#begun.add(test);
    return / Skipping /.test(line) ? undefined : test;
  }

  #end([, word = "PASS", full = "", seconds = "0"]: RegExpExecArray): void {
    const [, name, ...parts] = full.split("/");
    if (name === undefined) return;
    const outcome = outcomes[word as keyof typeof outcomes];
    const log = this.#logs.get(full) ?? [];
    this.#logs.delete(full);
    const result = this.#results.at(-1);
    if (parts.length === 0) this.#results.push({ name, outcome, seconds: Number(seconds), log: [...log] });
    else if (outcome === "failed" && result?.name === name && result.log.length < keptLinesOfTest)
      result.log.push(`in "${parts.join("/").replaceAll("_", " ")}":`, ...log);
  }
}
