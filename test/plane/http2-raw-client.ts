import { once } from "node:events";
import { connect, type Socket } from "node:net";
import {
  connectionPreface,
  type FrameHeader,
  FrameReader,
  frameFlag,
  frameType,
  readUint32,
  writeFrameHeader,
} from "../../src/wire/http2/frame.ts";
import { HpackDecoder } from "../../src/wire/http2/hpack-decoder.ts";
import { fieldBound, HpackEncoder } from "../../src/wire/http2/hpack-encoder.ts";
import type { HeaderField } from "../../src/wire/http2/hpack-table.ts";

export type RawFrame = FrameHeader & {
  readonly payload: Buffer;
  /** Of HEADERS, decoded: `name: value` lines in order. */
  readonly fields: readonly string[];
};

export type FieldList = readonly (readonly [name: string, value: string])[];

/** A whole frame. */
export function frame(
  type: number,
  streamId: number,
  { flags = 0, payload = Buffer.alloc(0) }: { readonly flags?: number; readonly payload?: Buffer } = {},
): Buffer {
  const bytes = Buffer.alloc(9 + payload.length);
  payload.copy(bytes, writeFrameHeader(bytes, 0, { length: payload.length, type, flags, streamId }));
  return bytes;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A request's pseudo-headers, then these fields. */
export function request(path: string, fields: FieldList = [], method = "GET"): FieldList {
  return [[":method", method], [":scheme", "http"], [":path", path], [":authority", "app.example.test"], ...fields];
}

/** A client that sends frames as they are, right or wrong, and reads what comes back frame by frame. */
export class Http2RawClient implements AsyncDisposable {
  readonly socket: Socket;
  readonly frames: RawFrame[] = [];
  bytesSent = 0;
  /** The other side closed or reset the connection. */
  ended = false;
  readonly #encoder = new HpackEncoder();
  readonly #decoder = new HpackDecoder();
  #wake: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    const reader = new FrameReader({
      onFrame: (header, bytes, start, end) => this.#onFrame(header, bytes, start, end),
    });
    socket.on("data", (chunk: Buffer) => {
      reader.push(chunk, 0, chunk.length);
      this.#wake?.();
    });
    for (const event of ["end", "close", "error"] as const) {
      socket.on(event, () => {
        this.ended = true;
        this.#wake?.();
      });
    }
  }

  /** Connects and sends the preface with these settings entries. */
  static async connect(port: number, settings: Buffer = Buffer.alloc(0)): Promise<Http2RawClient> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    const client = new Http2RawClient(socket);
    client.send(connectionPreface, frame(frameType.settings, 0, { payload: settings }));
    return client;
  }

  send(...parts: readonly Buffer[]): void {
    if (this.socket.destroyed || !this.socket.writable) return;
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    this.bytesSent += bytes.length;
    this.socket.write(bytes);
  }

  /** A header block. */
  block(fields: FieldList): Buffer {
    const bytes = Buffer.alloc(fields.reduce((sum, [name, value]) => sum + fieldBound(name, value), 8));
    let end = this.#encoder.begin(bytes, 0);
    for (const [name, value] of fields) end = this.#encoder.field(bytes, end, { name, value });
    return bytes.subarray(0, end);
  }

  /** HEADERS with a whole block. */
  headers(streamId: number, fields: FieldList, end: "end" | "open" = "end"): Buffer {
    const flags = frameFlag.endHeaders | (end === "end" ? frameFlag.endStream : 0);
    return frame(frameType.headers, streamId, { flags, payload: this.block(fields) });
  }

  data(streamId: number, payload: Buffer | string, end: "end" | "open" = "end"): Buffer {
    const flags = end === "end" ? frameFlag.endStream : 0;
    return frame(frameType.data, streamId, { flags, payload: Buffer.from(payload as string) });
  }

  /** The first frame so far or to come that fits. */
  async frame(type: number, streamId: number): Promise<RawFrame> {
    for (;;) {
      const found = this.frames.find((one) => one.type === type && one.streamId === streamId);
      if (found !== undefined) return found;
      if (this.ended) throw new Error(`the connection ended before a frame of type ${type} on stream ${streamId}`);
      await this.more();
    }
  }

  /** Error code of the RST_STREAM that a stream gets. */
  async reset(streamId: number): Promise<number> {
    return readUint32((await this.frame(frameType.rstStream, streamId)).payload, 0);
  }

  /** Reads on until the connection ends; the code of the last GOAWAY, -1 without one. */
  async ending(): Promise<number> {
    while (!this.ended) await this.more();
    const goaway = this.frames.findLast((one) => one.type === frameType.goaway);
    return goaway === undefined ? -1 : readUint32(goaway.payload, 4);
  }

  /** Resolves when something came or the connection ended. */
  more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
  }

  #onFrame(header: FrameHeader, bytes: Buffer, start: number, end: number): number {
    const fields: string[] = [];
    if (header.type === frameType.headers) {
      this.#decoder.decode(bytes, start, end, (field: HeaderField) => {
        fields.push(`${field.name}: ${field.value}`);
        return true;
      });
    }
    this.frames.push({ ...header, payload: Buffer.from(bytes.subarray(start, end)), fields });
    return 0;
  }
}
