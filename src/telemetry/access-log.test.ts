import assert from "node:assert/strict";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { AccessLog, type LogSink, openLogSink } from "./access-log.ts";
import type { AccessRecord } from "./telemetry.ts";

const record = (path: string): AccessRecord => ({
  startMs: 0,
  labels: {
    gateway_name: "edge",
    gateway_namespace: "infra",
    listener: "http",
    route_kind: "HTTPRoute",
    route_namespace: "shop",
    route_name: "cart",
    rule: "0",
    backend_name: "cart",
  },
  hostname: "shop.example.com",
  method: "GET",
  path,
  protocol: "HTTP/1.1",
  statusCode: 200,
  durationMs: 1,
  upstreamDurationMs: 1,
  bytesIn: 0,
  bytesOut: 0,
  sourceIp: "192.0.2.7",
  userAgent: "",
  upstream: "",
  responseFlag: "-",
  requestId: "",
  traceId: "",
  tenant: "",
  environment: "",
});

const pathsOf = (text: string): string[] =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { path: string }).path);

class Tally {
  count = 0;
  add(count: number): void {
    this.count += count;
  }
}

/** A sink that keeps what it is given; `answer` decides what each write does with its bytes. */
function memorySink(answer: (length: number) => number | Promise<number> = (length) => length) {
  const state = { text: "", writes: 0, reopened: 0, closed: 0 };
  const sink: LogSink = {
    async write(chunk, offset, length) {
      state.writes++;
      const taken = await answer(length);
      state.text += chunk.toString("latin1", offset, offset + taken);
      return taken;
    },
    async reopen() {
      state.reopened++;
    },
    async close() {
      state.closed++;
    },
  };
  return { sink, state };
}

function makeLog(sink: LogSink, maxBufferedBytes?: number) {
  const counts = { written: new Tally(), droppedFull: new Tally(), droppedError: new Tally() };
  const told: string[] = [];
  const log = new AccessLog({
    sink,
    ...counts,
    onFailing: ({ message }) => told.push(message),
    onWorking: (lost) => told.push(`${lost} lost`),
    ...(maxBufferedBytes === undefined ? {} : { maxBufferedBytes }),
  });
  return { log, counts, told };
}

const errorOf = (code: string) => Object.assign(new Error(code), { code });

test("AccessLog: many lines are one write, after the flush interval", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { sink, state } = memorySink();
  const { log, counts } = makeLog(sink);
  for (let i = 0; i < 50; i++) log.write(record(`/${i}`));
  t.mock.timers.tick(199);
  assert.equal(state.writes, 0);
  t.mock.timers.tick(1);
  await log.flush();
  assert.equal(state.writes, 1);
  assert.deepEqual(
    pathsOf(state.text),
    Array.from({ length: 50 }, (_, i) => `/${i}`),
  );
  assert.equal(counts.written.count, 50);
  await log.close();
});

test("AccessLog: partial writes and EAGAIN lose nothing and keep the order", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let call = 0;
  const { sink, state } = memorySink((length) => {
    call++;
    if (call % 3 === 0) throw errorOf("EAGAIN");
    return Math.max(1, Math.floor(length / 2));
  });
  const { log, counts } = makeLog(sink);
  for (let i = 0; i < 20; i++) log.write(record(`/${i}`));
  let done = false;
  const flushed = log.flush().then(() => {
    done = true;
  });
  while (!done) {
    await new Promise((resolve) => setImmediate(resolve));
    t.mock.timers.tick(20);
  }
  await flushed;
  assert.deepEqual(
    pathsOf(state.text),
    Array.from({ length: 20 }, (_, i) => `/${i}`),
  );
  assert.equal(counts.written.count, 20);
  await log.close();
});

test("AccessLog: a reader that never reads costs lines, counted, and bounded memory", async () => {
  const stuck = Promise.withResolvers<number>();
  const { sink } = memorySink(() => stuck.promise);
  const { log, counts } = makeLog(sink, 128 * 1024);
  const lines = 10_000;
  for (let i = 0; i < lines; i++) log.write(record(`/${i}`));
  assert.ok(counts.droppedFull.count > 0);
  await log.close(0);
  assert.equal(counts.written.count + counts.droppedFull.count + counts.droppedError.count, lines);
  const kept = lines - counts.droppedFull.count;
  assert.equal(kept, 0, "what was waiting at the deadline counts as dropped");
  stuck.resolve(0);
});

test("AccessLog: a write error costs its lines, counted, and the next lines are written", async () => {
  let broken = true;
  const { sink, state } = memorySink((length) => {
    if (broken) throw errorOf("ENOSPC");
    return length;
  });
  const { log, counts } = makeLog(sink);
  log.write(record("/lost"));
  await log.flush();
  broken = false;
  log.write(record("/kept"));
  await log.flush();
  assert.deepEqual(pathsOf(state.text), ["/kept"]);
  assert.deepEqual([counts.written.count, counts.droppedError.count], [1, 1]);
  await log.close();
});

test("AccessLog.close: writes what is left, closes once, and drops later lines", async () => {
  const { sink, state } = memorySink();
  const { log, counts } = makeLog(sink);
  log.write(record("/last"));
  await log.close();
  await log.close();
  log.write(record("/late"));
  assert.deepEqual(pathsOf(state.text), ["/last"]);
  assert.equal(state.closed, 1);
  assert.equal(counts.droppedFull.count, 1);
});

/** A disk with room for so many bytes; what does not fit is refused, at first in part, as a file system does. */
function fillingDisk() {
  const disk = { room: Number.POSITIVE_INFINITY };
  const { sink, state } = memorySink((length) => {
    if (disk.room === 0) throw errorOf("ENOSPC");
    const taken = Math.min(length, disk.room);
    disk.room -= taken;
    return taken;
  });
  return { sink, state, disk };
}

test("AccessLog: a full disk is told of once and costs the lines that do not fit, never one that comes after", async () => {
  const { sink, state, disk } = fillingDisk();
  const { log, counts, told } = makeLog(sink);
  const writeAll = async (paths: readonly string[]) => {
    for (const path of paths) log.write(record(path));
    await log.flush();
  };
  await writeAll(["/first"]);
  disk.room = Math.floor(state.text.length * 1.5);
  await writeAll(["/fits", "/torn", "/lost"]);
  await writeAll(["/lost"]);
  assert.deepEqual(told, ["ENOSPC"]);
  // Room for the end of the torn line, and for nothing else.
  disk.room = 1;
  await writeAll(["/lost"]);
  disk.room = 40;
  await writeAll(["/torn"]);
  disk.room = Number.POSITIVE_INFINITY;
  await writeAll(["/after", "/later"]);
  const lines = state.text.split("\n");
  const whole = lines.filter((line) => line.endsWith("}"));
  assert.deepEqual(pathsOf(whole.join("\n")), ["/first", "/fits", "/after", "/later"]);
  assert.equal(lines.length - 1 - whole.length, 2, "the torn ones stand by themselves");
  assert.deepEqual([counts.written.count, counts.droppedError.count], [4, 5]);
  assert.deepEqual(told, ["ENOSPC", "5 lost"]);
  disk.room = 0;
  await writeAll(["/lost"]);
  assert.deepEqual(told, ["ENOSPC", "5 lost", "ENOSPC"], "the next time is told of too");
  await log.close();
});

test("openLogSink: a line that a process before left half written is ended first, also after rotation", async (t) => {
  const path = join(await folder(t), "access.log");
  await writeFile(path, '{"path":"/torn');
  const { log } = makeLog(await openLogSink(path));
  log.write(record("/first"));
  await log.flush();
  await writeFile(path, '{"path":"/torn');
  await log.reopen();
  log.write(record("/second"));
  await log.close();
  const [torn, ...rest] = (await readFile(path, "utf8")).split("\n");
  assert.equal(torn, '{"path":"/torn');
  assert.deepEqual(pathsOf(rest.join("\n")), ["/second"]);
});

test("AccessLog.reopen: a failure to open again is reported and the old file stays in use", async () => {
  const { sink, state } = memorySink();
  const { log } = makeLog({ ...sink, reopen: () => Promise.reject(errorOf("EACCES")) });
  log.write(record("/a"));
  await assert.rejects(log.reopen(), { code: "EACCES" });
  log.write(record("/b"));
  await log.flush();
  assert.deepEqual(pathsOf(state.text), ["/a", "/b"]);
  await log.close();
});

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "access-log-"));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

test("openLogSink: rotation moves whole lines to the new file", async (t) => {
  const path = join(await folder(t), "access.log");
  const { log } = makeLog(await openLogSink(path));
  log.write(record("/before"));
  await log.flush();
  await rename(path, `${path}.1`);
  log.write(record("/between"));
  await log.flush();
  await log.reopen();
  log.write(record("/after"));
  await log.close();
  assert.deepEqual(pathsOf(await readFile(`${path}.1`, "utf8")), ["/before", "/between"]);
  assert.deepEqual(pathsOf(await readFile(path, "utf8")), ["/after"]);
});

test("openLogSink: an existing file is appended to, a folder that does not exist is an error", async (t) => {
  const path = join(await folder(t), "access.log");
  for (const name of ["/first", "/second"]) {
    const { log } = makeLog(await openLogSink(path));
    log.write(record(name));
    await log.close();
  }
  assert.deepEqual(pathsOf(await readFile(path, "utf8")), ["/first", "/second"]);
  await assert.rejects(openLogSink(join(path, "x", "y.log")), { code: "ENOTDIR" });
});
