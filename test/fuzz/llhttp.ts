/**
 * Holds the HTTP/1.1 codec against `llhttp`, the parser of Node's own server with its default strictness:
 * `node test/fuzz/llhttp.ts [--runs 20000] [--seed N]`. Where both accept a request they must read the same; where they judge
 * differently, the difference must be one of those below, each with its reason. Prints how often each was met, and closes with
 * `N passed, N failed`.
 */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import fc from "fast-check";
import type { FaultName } from "../../src/wire/http1/fault.ts";
import { requestFields } from "../../src/wire/http1/known-field.ts";
import { feedChunks, feedRequest, type Verdict } from "../wire/feed.ts";
import { requestBytes } from "../wire/http1-arbitrary.ts";
import { readFuzzOptions } from "./fuzz-laws.ts";

/** What both parsers make of one message. */
type Reading =
  | {
      readonly kind: "accepted";
      readonly method: string;
      readonly target: string;
      readonly headers: readonly string[];
      /** Content, -1 when it has not come whole. */
      readonly bodyBytes: number;
    }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "incomplete" };

/**
 * What we refuse and llhttp reads, on purpose: it leaves these to the program behind it, or repairs them.
 * The rule of each is in `docs/reference/http-strictness.md`.
 */
const weRefuse: ReadonlySet<FaultName> = new Set<FaultName>([
  "asterisk",
  "bareCarriageReturn",
  "bareLineFeed",
  "chunkExtension",
  "connect",
  "connectionOptions",
  "contentLengthInvalid",
  "expectation",
  "fieldNameAlias",
  "hostDisagrees",
  "hostInvalid",
  "hostMissing",
  "hostRepeated",
  "leadingLines",
  "methodInvalid",
  "requestLine",
  "pathBackslash",
  "pathEscape",
  "targetAuthority",
  "targetForm",
  "targetInvalid",
  "trailerForbidden",
  "transferEncodingUnknown",
  "transferEncodingVersion",
  "version",
]);

/** What llhttp refuses and we read: its reasons, and why reading is right. */
const theyRefuse: ReadonlyMap<string, string> = new Map([
  ["HPE_INVALID_METHOD", "llhttp knows a list of methods; any token is one (RFC 9110 section 9.1)"],
]);

/** A socket of which both ends are in memory. */
class Wire extends Duplex {
  override _read(): void {}
  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
  }
}

const server = createServer({ keepAliveTimeout: 0 });
server.timeout = 0;
let settle: (reading: Reading) => void = () => {};
/** The first request of the bytes, once its head is read. */
let seen: { readonly request: IncomingMessage; bodyBytes: number } | undefined;

/**
 * Names and values by turns, as we keep them: names in lower case, and without the fields that Connection names, which llhttp
 * leaves to whoever reads the request.
 */
function lowerNames(rawHeaders: readonly string[]): readonly string[] {
  const lines = Array.from({ length: rawHeaders.length / 2 }, (_, i) => [
    rawHeaders[2 * i]!.toLowerCase(),
    rawHeaders[2 * i + 1]!,
  ]);
  const named = new Set(
    lines.flatMap(([name, value]) => (name === "connection" ? value!.toLowerCase().split(/[\t ,]+/) : [])),
  );
  return lines.filter(([name]) => !named.has(name!) || requestFields.names.includes(name!)).flat();
}

function read({ request, bodyBytes }: NonNullable<typeof seen>): Reading {
  const { method = "", url: target = "", rawHeaders } = request;
  return {
    kind: "accepted",
    method,
    target,
    headers: lowerNames(rawHeaders),
    bodyBytes: request.complete ? bodyBytes + request.readableLength : -1,
  };
}

server.on("request", (request: IncomingMessage) => {
  if (seen !== undefined) return;
  const first = { request, bodyBytes: 0 };
  seen = first;
  request.on("data", (chunk: Buffer) => {
    first.bodyBytes += chunk.length;
  });
  request.on("error", () => {});
  request.on("end", () => settle(read(first)));
});
// Without a listener Node answers these itself, and the request is never seen.
server.on("checkContinue", (request, response) => server.emit("request", request, response));
server.on("checkExpectation", (request, response) => server.emit("request", request, response));
for (const event of ["upgrade", "connect"] as const) {
  server.on(event, ({ method = "", url = "", rawHeaders }: IncomingMessage) => {
    settle({ kind: "accepted", method, target: url, headers: lowerNames(rawHeaders), bodyBytes: 0 });
  });
}
server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
  socket.destroy();
  const cut = error.code === "HPE_INVALID_EOF_STATE" || error.code === "ECONNRESET";
  // What is wrong behind a whole request is the next one's.
  if (seen !== undefined && (cut || seen.request.complete)) settle(read(seen));
  else settle(cut ? { kind: "incomplete" } : { kind: "refused", reason: error.code ?? error.message });
});

/** What llhttp makes of the first message of the bytes. */
async function theirs(bytes: Buffer): Promise<Reading> {
  const wire = new Wire();
  seen = undefined;
  wire.on("error", () => {});
  const reading = new Promise<Reading>((resolve) => {
    settle = resolve;
  });
  const own = settle;
  wire.on("close", () => own(seen === undefined ? { kind: "incomplete" } : read(seen)));
  server.emit("connection", wire);
  wire.push(bytes);
  wire.push(null);
  const result = await reading;
  wire.destroy();
  return result;
}

/** What we make of it, its body included. */
function ours(bytes: Buffer): Reading & { readonly fault?: FaultName } {
  const head = feedRequest(bytes, []);
  if (head.kind !== "accepted") return refusedOrIncomplete(head);
  const { method, target, lines, contentLength, chunked, upgrade } = head.message as {
    readonly method: string;
    readonly target: string;
    readonly lines: readonly (readonly [string, string])[];
    readonly contentLength: number;
    readonly chunked: boolean;
    readonly upgrade: boolean;
  };
  const rest = bytes.subarray(head.bytes);
  let bodyBytes = Math.max(0, contentLength);
  if (rest.length < bodyBytes) bodyBytes = -1;
  if (chunked) {
    const body = feedChunks(rest, []);
    if (body.kind === "refused") return refusedOrIncomplete(body);
    bodyBytes = body.kind === "accepted" ? (body.message["content"] as string).length : -1;
  }
  // Node hands a request with an upgrade over before its body.
  if (upgrade && bodyBytes >= 0) bodyBytes = 0;
  return { kind: "accepted", method, target, headers: lines.flat(), bodyBytes };
}

function refusedOrIncomplete(
  verdict: Exclude<Verdict, { kind: "accepted" }>,
): Reading & { readonly fault?: FaultName } {
  if (verdict.kind === "incomplete") return verdict;
  return { kind: "refused", reason: verdict.fault, fault: verdict.fault };
}

/** Names a documented difference, or `undefined` where both agree; throws where they may not differ. */
function compare(mine: Reading & { readonly fault?: FaultName }, other: Reading): string | undefined {
  if (mine.kind === "accepted" && other.kind === "accepted") {
    const { kind: _mine, ...read } = mine;
    const { kind: _other, ...theirRead } = other;
    assert.deepEqual(read, theirRead, "both accept, and read different requests");
    return undefined;
  }
  if (mine.kind === other.kind) return undefined;
  if (mine.kind === "accepted" && other.kind === "refused") {
    assert.ok(theyRefuse.has(other.reason), `we accept what llhttp refuses: ${other.reason}`);
    return `llhttp refuses: ${other.reason}`;
  }
  if (mine.kind === "refused" && other.kind === "accepted") {
    assert.ok(mine.fault !== undefined && weRefuse.has(mine.fault), `we refuse what llhttp accepts: ${mine.reason}`);
    return `we refuse: ${mine.reason}`;
  }
  // One of the two wants to see more before it says no. Neither has accepted anything.
  assert.ok(mine.kind !== "accepted" && other.kind !== "accepted", `${mine.kind} for us, ${other.kind} for llhttp`);
  return undefined;
}

const { runs, seed } = readFuzzOptions(20_000);
console.log(`inputs: ${runs}, seed: ${seed}`);
const differences = new Map<string, number>();
let accepted = 0;
let failure: string | undefined;
for (const bytes of fc.sample(requestBytes, { numRuns: runs, seed })) {
  const [mine, other] = [ours(bytes), await theirs(bytes)];
  if (mine.kind === "accepted") accepted++;
  try {
    const difference = compare(mine, other);
    if (difference !== undefined) differences.set(difference, (differences.get(difference) ?? 0) + 1);
  } catch (error) {
    failure = `${(error as Error).message}\n  input: ${JSON.stringify(bytes.toString("latin1"))}`;
    break;
  }
}
for (const [difference, count] of [...differences].sort()) console.log(`  ${difference} (${count})`);
console.log(failure === undefined ? `ok ${accepted} accepted alike` : `FAILED ${failure}`);
console.log(failure === undefined ? "1 passed, 0 failed" : "0 passed, 1 failed");
process.exitCode = failure === undefined ? 0 : 1;
