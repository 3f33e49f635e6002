import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import {
  connectionPreface,
  type FrameHeader,
  FrameReader,
  frameType,
  writeFrameHeader,
} from "../../src/wire/http2/frame.ts";
import { HpackDecoder } from "../../src/wire/http2/hpack-decoder.ts";
import { HpackEncoder } from "../../src/wire/http2/hpack-encoder.ts";
import type { HeaderField } from "../../src/wire/http2/hpack-table.ts";

export type RawFrame = FrameHeader & { readonly payload: Buffer };

/** One connection of a backend that may break every rule of HTTP/2. */
export class RawHttp2Peer {
  readonly socket: Socket;
  readonly frames: RawFrame[] = [];
  readonly #encoder = new HpackEncoder();
  readonly #decoder = new HpackDecoder();

  constructor(socket: Socket) {
    this.socket = socket;
  }

  send(type: number, flags: number, streamId: number, payload: Buffer | string = ""): void {
    const bytes = typeof payload === "string" ? Buffer.from(payload, "latin1") : payload;
    const head = Buffer.alloc(9);
    writeFrameHeader(head, 0, { length: bytes.length, type, flags, streamId });
    this.socket.write(Buffer.concat([head, bytes]));
  }

  headers(streamId: number, fields: readonly (readonly [name: string, value: string])[], flags: number): void {
    const block = Buffer.alloc(16_000);
    let end = this.#encoder.begin(block, 0);
    for (const [name, value] of fields) end = this.#encoder.field(block, end, { name, value });
    this.send(frameType.headers, flags, streamId, block.subarray(0, end));
  }

  decode(frame: RawFrame): Record<string, string> {
    const fields: HeaderField[] = [];
    this.#decoder.decode(frame.payload, 0, frame.payload.length, (field) => {
      fields.push(field);
      return true;
    });
    return Object.fromEntries(fields.map(({ name, value }) => [name, value]));
  }
}

export class RawHttp2Server implements AsyncDisposable {
  readonly peers: RawHttp2Peer[] = [];
  readonly #server = createServer();

  /** Settings are sent and acknowledged; `onFrame` sees what comes besides. `settings`: identifiers and values. */
  static async start(
    onFrame: (peer: RawHttp2Peer, frame: RawFrame) => void,
    settings: readonly (readonly [id: number, value: number])[] = [],
  ): Promise<RawHttp2Server> {
    const one = new RawHttp2Server();
    one.#server.on("connection", (socket) => {
      socket.on("error", () => {});
      const peer = new RawHttp2Peer(socket);
      one.peers.push(peer);
      let preface = connectionPreface.length;
      const reader = new FrameReader({
        onFrame: (header, bytes, start, end) => {
          const frame = { ...header, payload: Buffer.from(bytes.subarray(start, end)) };
          peer.frames.push(frame);
          if (header.type === frameType.settings && header.flags === 0) peer.send(frameType.settings, 1, 0);
          else onFrame(peer, frame);
          return 0;
        },
      });
      socket.on("data", (chunk: Buffer) => {
        const skipped = Math.min(preface, chunk.length);
        preface -= skipped;
        reader.push(chunk, skipped, chunk.length);
      });
      const payload = Buffer.alloc(settings.length * 6);
      for (const [index, [id, value]] of settings.entries()) {
        payload.writeUInt16BE(id, index * 6);
        payload.writeUInt32BE(value, index * 6 + 2);
      }
      peer.send(frameType.settings, 0, 0, payload);
    });
    one.#server.listen(0, "127.0.0.1");
    await once(one.#server, "listening");
    return one;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.peers) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** END_STREAM, END_HEADERS and both. */
export const endStream = 1;
export const endHeaders = 4;
export const endBoth = 5;
