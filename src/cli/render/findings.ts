import type { Finding, ObjectRef, Severity } from "../../finding/finding.ts";
import type { Paint } from "./color.ts";
import { printable } from "./printable.ts";

/** The lines of a source file; `undefined` when it, or one of them, cannot be shown. */
export type SourceLines = (file: string) => readonly (string | undefined)[] | undefined;

/** How many findings there are of each severity. */
export type FindingCounts = Readonly<Record<Severity, number>>;

export function countFindings(findings: readonly Finding[]): FindingCounts {
  const counts = { error: 0, warning: 0, info: 0 };
  for (const finding of findings) counts[finding.severity] += 1;
  return counts;
}

/** `2 errors, 1 warning`; `no findings` when there are none. */
export function renderCounts(counts: FindingCounts): string {
  const parts = [
    plural(counts.error, "error"),
    plural(counts.warning, "warning"),
    counts.info > 0 ? `${counts.info} info` : "",
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(", ") : "no findings";
}

function plural(count: number, noun: string): string {
  if (count === 0) return "";
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** `HTTPRoute shop/cart`. */
export function renderRef(ref: ObjectRef): string {
  return printable(ref.kind ? `${ref.kind} ${ref.namespace ? `${ref.namespace}/` : ""}${ref.name}` : ref.name);
}

/**
 * Findings for people: what, in which object, the source line with the place marked, why, and how to fix it. The reason
 * is told once for each code.
 */
export function renderFindings(
  findings: readonly Finding[],
  how: { readonly lines: SourceLines; readonly paint: Paint },
): string {
  const told = new Set<string>();
  const blocks = findings.map((finding) => {
    const first = !told.has(finding.code);
    told.add(finding.code);
    return renderFinding(finding, { ...how, withReason: first });
  });
  return blocks.join("\n");
}

type Rendering = { readonly lines: SourceLines; readonly paint: Paint; readonly withReason: boolean };

function renderFinding(finding: Finding, { lines, paint, withReason }: Rendering): string {
  const head = paint(finding.severity, `${finding.severity}[${finding.code}]`);
  const subject = finding.object.name ? `${renderRef(finding.object)}: ` : "";
  const out = [`${head} ${paint("strong", `${subject}${printable(finding.message)}`)}`];
  out.push(...renderPlace(finding, { lines, paint }));
  if (withReason && finding.why) out.push(`  ${paint("faint", "why:")} ${printable(finding.why)}`);
  if (finding.fix) out.push(`  ${paint("good", "fix:")} ${printable(finding.fix)}`);
  return `${out.join("\n")}\n`;
}

function renderPlace(finding: Finding, { lines, paint }: Omit<Rendering, "withReason">): string[] {
  const { position, pointer } = finding;
  if (!position) return pointer ? [`  ${paint("faint", `at ${printable(pointer)}`)}`] : [];
  const place = `  ${paint("faint", "-->")} ${printable(position.file)}:${position.line}:${position.column}`;
  const source = lines(position.file)?.[position.line - 1];
  if (source === undefined) return [place];
  const { text, column, width } = excerpt(source, position.column);
  const number = String(position.line);
  const gutter = paint("faint", `  ${" ".repeat(number.length)} |`);
  return [
    place,
    `${paint("faint", `  ${number} |`)} ${text}`,
    `${gutter} ${" ".repeat(column)}${paint("mark", "^".repeat(width))}`,
  ];
}

const longestExcerpt = 120;

/** A key with the scalar after it, or one scalar: what a position in YAML or JSON usually points at. */
const markedWord =
  /^(?:"[^"]*"|'[^']*'|[^\s:#,[\]{}]+(?::[^\s,[\]{}]+)*)(?::\s+(?:"[^"]*"|'[^']*'|[^\s#,[\]{}"'][^#,\]}]*?)(?=\s*(?:[#,\]}]|$)))?/;

/** The part of a line to show, and where in it the marked word begins and how long it is. */
function excerpt(source: string, columnFrom1: number): { text: string; column: number; width: number } {
  const start = Math.min(Math.max(columnFrom1 - 1, 0), source.length);
  const cut = start > longestExcerpt - 20 ? start - 20 : 0;
  const rest = source.slice(start);
  const word = markedWord.exec(rest)?.[0] ?? "";
  const text = source.slice(cut, cut + longestExcerpt);
  const column = start - cut;
  return { text: printable(text), column, width: Math.max(1, Math.min(word.length, text.length - column)) };
}

const annotation = { error: "error", warning: "warning", info: "notice" } as const satisfies Record<Severity, string>;

/** Workflow commands that GitHub Actions shows beside the lines of a pull request. */
export function renderAnnotations(findings: readonly Finding[]): string {
  return findings
    .map((finding) => {
      const { position } = finding;
      const properties = [
        ...(position && position.file !== "-"
          ? [`file=${escapeProperty(position.file)}`, `line=${position.line}`, `col=${position.column}`]
          : []),
        `title=${escapeProperty(`${finding.code} ${renderRef(finding.object)}`)}`,
      ];
      const text = finding.fix ? `${finding.message}\n${finding.fix}` : finding.message;
      return `::${annotation[finding.severity]} ${properties.join(",")}::${escapeData(text)}\n`;
    })
    .join("");
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** The shape of `check -o json` and `-o yaml`. */
export function findingsData(findings: readonly Finding[]): unknown {
  const { error, warning, info } = countFindings(findings);
  return { summary: { errors: error, warnings: warning, infos: info }, findings };
}
