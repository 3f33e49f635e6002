/** The verdict on a case: equal to the recording, different in ways that have a name, or wrong. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type DifferenceId, differences } from "../../src/ingress/differences.ts";
import type { CaseResult } from "./case-worker.ts";
import { compareAnswers, type FieldDifference } from "./compare.ts";
import { type Answer, type ServedAs, type TruthCase, type TruthRequest, truthFolder } from "./truth-case.ts";

/** A line of a case's `differences.yaml`: where a difference that has a name shows. */
export type NamedDifference = {
  readonly difference: DifferenceId;
  /** Names of requests; absent: any. */
  readonly requests?: readonly string[];
  /** Names of fields, or their beginnings, with `*` behind. */
  readonly fields: readonly string[];
};

export type Mismatch = FieldDifference & {
  readonly request: string;
  /** `undefined`: it has none. */
  readonly difference: string | undefined;
};

export type Verdict = {
  readonly name: string;
  readonly about: string;
  readonly kind: "equal" | "named" | "wrong";
  readonly differences: readonly string[];
  readonly mismatches: readonly Mismatch[];
  /** What else is wrong, in words. */
  readonly faults: readonly string[];
  readonly tookMs: number;
};

/** What differs where Ingresses are served differs as well where they are converted, unless a file for that says what does. */
const namedFiles = { ingress: ["differences.yaml"], converted: ["converted.yaml", "differences.yaml"] } as const;

/** Differences that show in any case, so that none has to have them. */
const everywhere = { ingress: readNamed(".", "ingress"), converted: readNamed(".", "converted") } as const;

export function judge(one: TruthCase, result: CaseResult, served: ServedAs): Verdict {
  return served === "verified" ? judgeVerification(one, result) : judgeAnswers(one, result, served);
}

/** Wrong is only a verification that finds nothing where answers differ. */
function judgeVerification(one: TruthCase, { answers, verified, failure, tookMs }: CaseResult): Verdict {
  const kinds = verified?.kinds ?? [];
  const mismatches = one.requests.flatMap((request, at) => {
    const [before, after] = [verified?.answers[at], answers[at]];
    if (before === undefined || after === undefined) return [];
    // Another in each request.
    const fields = compareAnswers(before, after, request).filter(({ field }) => !field.endsWith(".traceparent"));
    return fields.map((field) => ({
      ...field,
      request: request.name,
      difference: kinds.length > 0 ? "named by migrate verify" : undefined,
    }));
  });
  const wrong = failure !== undefined || mismatches.some(({ difference }) => difference === undefined);
  const kind = wrong ? "wrong" : kinds.length > 0 ? "named" : "equal";
  const faults = failure === undefined ? [] : [failure];
  return { name: one.name, about: one.about, kind, differences: kinds, mismatches, faults, tookMs };
}

function judgeAnswers(one: TruthCase, result: CaseResult, served: Exclude<ServedAs, "verified">): Verdict {
  const [own = [], ...others] = namedFiles[served].map((file) => readFile(join(truthFolder, one.name, file)));
  const named = [...own, ...others.flat()];
  const used = new Set<NamedDifference>();
  const mismatches =
    result.failure === undefined
      ? one.requests.flatMap((request, at) =>
          compareAnswers(one.answers[at] as Answer, result.answers[at] as Answer, request).map((difference) => {
            const row = [...named, ...everywhere[served]].find((candidate) =>
              covers(candidate, request, difference.field),
            );
            if (row) used.add(row);
            return { ...difference, request: request.name, difference: row?.difference };
          }),
        )
      : [];
  const faults = [
    ...(result.failure === undefined ? [] : [result.failure]),
    ...(result.refused ? [] : ["check reports no error at the Ingress that the API server refused"]),
    ...[...used].flatMap(({ difference }) => unfound(difference, result.findings)),
    ...(result.failure === undefined ? own.filter((row) => !used.has(row)).map(describeUnused) : []),
  ];
  const wrong = faults.length > 0 || mismatches.some(({ difference }) => difference === undefined);
  return {
    name: one.name,
    about: one.about,
    kind: wrong ? "wrong" : used.size > 0 ? "named" : "equal",
    differences: [...new Set([...used].map(({ difference }) => difference))],
    mismatches,
    faults,
    tookMs: result.tookMs,
  };
}

function readNamed(name: string, served: keyof typeof namedFiles): readonly NamedDifference[] {
  return namedFiles[served].flatMap((file) => readFile(join(truthFolder, name, file)));
}

function readFile(file: string): readonly NamedDifference[] {
  if (!existsSync(file)) return [];
  const rows = parse(readFileSync(file, "utf8")) as readonly NamedDifference[];
  for (const { difference } of rows)
    if (!(difference in differences)) throw new Error(`${file}: src/ingress/differences.ts has no "${difference}"`);
  return rows;
}

function covers({ requests, fields }: NamedDifference, { name }: TruthRequest, field: string): boolean {
  if (requests && !requests.includes(name)) return false;
  return fields.some((given) => (given.endsWith("*") ? field.startsWith(given.slice(0, -1)) : field === given));
}

/** A difference of which the user is to be told by a finding that did not come. */
function unfound(id: DifferenceId, findings: readonly string[]): readonly string[] {
  const { finding } = differences[id];
  return finding === undefined || findings.includes(finding)
    ? []
    : [`${id} shows, and its finding ${finding} does not`];
}

function describeUnused({ difference, requests, fields }: NamedDifference): string {
  const where = requests ? ` of ${requests.join(", ")}` : "";
  return `differences.yaml expects ${difference} in ${fields.join(", ")}${where}, which is not there`;
}
