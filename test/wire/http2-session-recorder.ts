import assert from "node:assert/strict";
import { defaultListenerSettings } from "../../src/ir/listener-settings.ts";
import { writeFrameHeader } from "../../src/wire/http2/frame.ts";
import type { HeaderField } from "../../src/wire/http2/hpack-table.ts";
import { Http2Session, type SessionEvents, type SessionLimits } from "../../src/wire/http2/session.ts";
import type { Http2Stream } from "../../src/wire/http2/stream.ts";

/** A session whose events are written down and whose output waits in `sent`. */
export class Recorder implements SessionEvents<string> {
  readonly session: Http2Session<string>;
  readonly log: string[] = [];
  readonly sent: Buffer[] = [];
  readonly streams: Http2Stream<string>[] = [];
  nowMs = 0;
  consumes = true;

  constructor(role: "server" | "client", limits: Partial<SessionLimits> = {}) {
    this.session = new Http2Session(this, {
      role,
      limits: { ...defaultListenerSettings.http2, ...limits },
      now: () => this.nowMs,
    });
    this.session.start();
  }

  onHeaders(stream: Http2Stream<string>, block: readonly HeaderField[], endStream: boolean): void {
    this.streams.push(stream);
    this.log.push(
      `${stream.id} headers ${block.map((field) => `${field.name}=${field.value}`).join(" ")}${endStream ? " end" : ""}`,
    );
  }
  onTrailers(stream: Http2Stream<string>, block: readonly HeaderField[]): void {
    this.log.push(`${stream.id} trailers ${block.map((field) => `${field.name}=${field.value}`).join(" ")}`);
  }
  onData(stream: Http2Stream<string>, _bytes: Buffer, start: number, end: number): void {
    this.log.push(`${stream.id} data ${end - start}`);
    if (this.consumes) this.session.consume(stream, end - start);
  }
  onEnd(stream: Http2Stream<string>): void {
    this.log.push(`${stream.id} end`);
  }
  onReset(stream: Http2Stream<string>, code: number): void {
    this.log.push(`${stream.id} reset ${code}`);
  }
  onWritable(stream: Http2Stream<string>): void {
    this.log.push(`${stream.id} writable`);
  }
  onHeadersTooLarge(stream: Http2Stream<string>): void {
    this.log.push(`${stream.id} too large`);
  }
  onEnding(): void {
    this.log.push("ending");
  }
  onGoaway(lastStreamId: number, code: number): void {
    this.log.push(`goaway ${lastStreamId} ${code}`);
  }
  onConnectionError(code: number): void {
    this.log.push(`connection error ${code}`);
  }
  onDirty(): void {}
  onOutput(buffer: Buffer, start: number, end: number): boolean {
    this.sent.push(Buffer.from(buffer.subarray(start, end)));
    return true;
  }

  /** Everything sent so far, which is then forgotten. */
  take(): Buffer {
    this.session.flush();
    return Buffer.concat(this.sent.splice(0));
  }
}

/** Moves bytes both ways until neither side has more to say. */
export function settle(a: Recorder, b: Recorder): void {
  for (;;) {
    const [fromA, fromB] = [a.take(), b.take()];
    if (fromA.length + fromB.length === 0) return;
    b.session.receive(fromA, 0, fromA.length);
    a.session.receive(fromB, 0, fromB.length);
  }
}

export function pair(limits: Partial<SessionLimits> = {}): { client: Recorder; server: Recorder } {
  const client = new Recorder("client", limits);
  const server = new Recorder("server", limits);
  settle(client, server);
  return { client, server };
}

export const get: readonly HeaderField[] = [
  { name: ":method", value: "GET" },
  { name: ":scheme", value: "http" },
  { name: ":path", value: "/" },
  { name: ":authority", value: "h" },
];

export function open(client: Recorder): Http2Stream<string> {
  const stream = client.session.open("request");
  assert.ok(stream);
  return stream;
}

export function rawFrame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const out = Buffer.alloc(9 + payload.length);
  writeFrameHeader(out, 0, { length: payload.length, type, flags, streamId });
  payload.copy(out, 9);
  return out;
}
