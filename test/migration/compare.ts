/** A recorded answer beside the one that was seen, field by field. */
import type { Answer, Sight, TruthRequest } from "./truth-case.ts";

/** A field that is not alike, with both values as text; `-` where there is none. */
export type FieldDifference = { readonly field: string; readonly recorded: string; readonly seen: string };

const nothing = "-";
/** Timing that is not the gateway's: that of a busy machine. */
const secondsTolerance = 1;
const delayTolerance = 0.75;
/** proxy-next-upstream-tries where nothing is said of it. */
const mostTries = 3;

export function compareAnswers(recorded: Answer, seen: Answer, request: TruthRequest): readonly FieldDifference[] {
  const left = flatten(recorded, request);
  const right = flatten(seen, request);
  return [...new Set([...left.keys(), ...right.keys()])].sort().flatMap((field) => {
    const [a, b] = [left.get(field), right.get(field)];
    if (a !== undefined && b !== undefined && alike(field, a, b, request)) return [];
    return [{ field, recorded: a ?? nothing, seen: b ?? nothing }];
  });
}

function alike(field: string, recorded: string, seen: string, request: TruthRequest): boolean {
  if (recorded === seen) return true;
  if (field === "seconds") return Math.abs(Number(recorded) - Number(seen)) <= secondsTolerance;
  // More attempts than there ever are by count were as many as a time allowed.
  if (field === "backend.attempts" && Number(recorded) > mostTries)
    return Math.abs(Number(recorded) - Number(seen)) <= 1;
  if (field === "secondsUntilTheBackendSawTheRequest")
    return Math.abs(Number(recorded) - Number(seen)) <= delayTolerance;
  if (field.startsWith("setCookie.")) return cookiePattern(recorded).test(seen);
  if (!request.approximate) return recorded === seen;
  const total = request.times ?? request.sticky?.rounds ?? 0;
  if (field.startsWith("counts.")) return alikeCounts(recorded, seen, total);
  return field.startsWith("firstRequestsWentTo.");
}

/** Both lists of counts, within four standard deviations of a share of requests by chance, and three for timing. */
function alikeCounts(recorded: string, seen: string, total: number): boolean {
  const [a, b] = [recorded, seen].map((text) => text.split(" ").map(Number)) as [number[], number[]];
  if (a.length !== b.length) return false;
  return a.every((count, at) => {
    const share = count / total;
    const tolerance = Math.max(3, 4 * Math.sqrt(2 * total * share * (1 - share)));
    return Math.abs(count - (b[at] as number)) <= (total >= 100 ? tolerance : 3);
  });
}

/** A cookie as recorded, with what is random in it standing for any value. */
function cookiePattern(recorded: string): RegExp {
  const parts = recorded
    .split(/(<[^>]*>(?:\|<[^>]*>)?)/)
    .map((part, at) => (at % 2 === 1 ? "[^;]+" : RegExp.escape(part)));
  return new RegExp(`^${parts.join("")}$`, "i");
}

/** The fields of an answer by name; what nobody can tell apart is the same text. */
function flatten(answer: Answer, request: TruthRequest): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  const { name: _name, headers, setCookie, body, auth, backend, backends, counts, trailers, ...others } = answer;
  for (const [field, value] of Object.entries(others)) addValue(fields, field, value);
  for (const [name, value] of Object.entries(trailers ?? {})) fields.set(`trailers.${name}`, value);
  // Its own page, if it has one at all, whatever its words and its type are: the type of a backend's answer is not listed.
  const isOwn = body !== undefined || headers?.["content-type"] !== undefined;
  const hasNone = request.method === "HEAD" || answer.status === 204 || answer.status === 304;
  if (isOwn && !hasNone) fields.set("body", "own page");
  for (const [name, value] of Object.entries(headers ?? {}))
    if (name !== "content-type") fields.set(`headers.${name}`, value);
  for (const [at, cookie] of (setCookie ?? []).entries()) fields.set(`setCookie.${at}`, cookie);
  for (const [label, list] of countsByService(counts ?? {})) fields.set(`counts.${label}`, list.join(" "));
  const sights = backends ?? (backend ? [backend] : []);
  // Answers without a single exchange behind them say nothing of backends.
  if (backend !== undefined || backends !== undefined) fields.set("backends", String(sights.length));
  for (const [at, sight] of sights.entries()) addSight(fields, at === 0 ? "backend" : `backend${at + 1}`, sight);
  for (const [at, sight] of (auth ?? []).entries()) addSight(fields, at === 0 ? "auth" : `auth${at + 1}`, sight);
  return fields;
}

/** Endpoints of a Service are numbered by chance: what counts is how requests are spread over them. */
function countsByService(counts: Readonly<Record<string, number>>): ReadonlyMap<string, readonly number[]> {
  const lists = new Map<string, number[]>();
  for (const [label, count] of Object.entries(counts)) {
    const service = label.replace(/#\d+$/, "");
    lists.set(
      service,
      [...(lists.get(service) ?? []), count].sort((a, b) => b - a),
    );
  }
  return lists;
}

function addSight(fields: Map<string, string>, prefix: string, sight: Sight): void {
  const { headers, addedHeaders, changedHeaders, removedHeaders, missingStandardHeaders, tls, ...others } = sight;
  for (const [field, value] of Object.entries(others)) addValue(fields, `${prefix}.${field}`, value);
  for (const [field, value] of Object.entries(tls ?? {})) fields.set(`${prefix}.tls.${field}`, String(value));
  // Neither the order of different names nor their case means anything to who reads them.
  for (const [name, values] of byName(headers ?? [])) fields.set(`${prefix}.headers.${name}`, values.join(" | "));
  for (const [name, value] of Object.entries(addedHeaders ?? {})) fields.set(`${prefix}.addedHeaders.${name}`, value);
  for (const [name, value] of Object.entries(changedHeaders ?? {}))
    fields.set(`${prefix}.changedHeaders.${name}`, value);
  for (const name of removedHeaders ?? []) fields.set(`${prefix}.removedHeaders.${name}`, "yes");
  for (const name of missingStandardHeaders ?? []) fields.set(`${prefix}.missingStandardHeaders.${name}`, "yes");
}

function byName(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    values.set(name, [...(values.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  return values;
}

function addValue(fields: Map<string, string>, field: string, value: unknown): void {
  if (value === null || typeof value !== "object") fields.set(field, String(value));
  else for (const [name, inner] of Object.entries(value)) addValue(fields, `${field}.${name}`, inner);
}
