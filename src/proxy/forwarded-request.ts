import { TARGET } from "../wire/http1/ascii.ts";
import { RequestField } from "../wire/http1/known-field.ts";
import type { RequestHead as WireRequestHead } from "../wire/http1/request-head.ts";
import { fixed, HeadWriter } from "../wire/http1/serialize.ts";
import type { RequestHead } from "./chain.ts";
import { HeaderEdits } from "./header-edits.ts";
import type { BodyFraming, OutgoingRequest } from "./upstream/exchange.ts";

const space = 32;
const h2Upgrade = /(^|[,\s])h2/i;

/**
 * A request between being parsed and being sent: what routing and filters see, their changes, and the bytes that go to the
 * endpoint. One object per connection, reused; strings are made only of what routing always needs.
 */
export class ForwardedRequest implements RequestHead, OutgoingRequest {
  method = "";
  host = "";
  path = "";
  query = "";
  framing: BodyFraming = "none";
  upgrade = false;
  /** For logs. */
  protocol: "HTTP/1.0" | "HTTP/1.1" = "HTTP/1.1";
  readonly #edits = new HeaderEdits();
  readonly #writer = new HeadWriter(2_048);
  #bytes!: Buffer;
  #wire!: WireRequestHead;
  #sentHost: string | undefined;
  #sentPath: string | undefined;

  /** Takes over a parsed head. `path` is normalised. */
  begin(bytes: Buffer, wire: WireRequestHead, path: string): void {
    this.#bytes = bytes;
    this.#wire = wire;
    this.method = wire.method(bytes);
    this.host = wire.host(bytes);
    this.path = path;
    this.query = wire.query(bytes);
    this.framing = wire.chunked ? "chunked" : wire.contentLength > 0 ? "length" : "none";
    // A switch to HTTP/2 would carry requests past routing.
    this.upgrade = wire.upgrade && this.framing === "none" && !h2Upgrade.test(this.known(RequestField.upgrade) ?? "");
    this.protocol = wire.minor === 0 ? "HTTP/1.0" : "HTTP/1.1";
    this.#sentHost = undefined;
    this.#sentPath = undefined;
    this.#edits.begin(bytes, wire);
  }

  get head(): Buffer {
    return this.#writer.buffer;
  }

  get headEnd(): number {
    return this.#writer.length;
  }

  keepHead(): void {
    this.#writer.take();
  }

  header(name: string): string | undefined {
    return this.#edits.get(name);
  }

  setHeader(name: string, value: string): void {
    if (name === "host") this.setHost(value);
    else this.#edits.set(name, value);
  }

  addHeader(name: string, value: string): void {
    if (name === "host") this.setHost(value);
    else this.#edits.add(name, value);
  }

  removeHeader(name: string): void {
    this.#edits.remove(name);
  }

  setHost(host: string): void {
    this.#sentHost = host;
  }

  setPath(path: string): void {
    this.#sentPath = asTarget(path);
  }

  /** First value of a field that the codec knows, as the client sent it. */
  known(field: RequestField): string | undefined {
    return this.#wire.value(this.#bytes, field);
  }

  isRepeated(field: RequestField): boolean {
    return this.#wire.isRepeated(field);
  }

  /** Drops the client's lines of a field that is kept otherwise. */
  drop(name: string): void {
    this.#wire.dropField(this.#bytes, name);
  }

  /** Host as the client sent it, with its port. */
  hostText(): string {
    return this.#bytes.latin1Slice(this.#wire.hostStart, this.#wire.hostEnd);
  }

  /** Writes the head with the engine's own lines (each with CR LF). */
  serialise(ownLines: string): void {
    const bytes = this.#bytes;
    const wire = this.#wire;
    const writer = this.#writer.reset();
    writer.reserve(wire.end - wire.start + ownLines.length + 256);
    writer.copy(bytes, wire.methodStart, wire.methodEnd);
    writer.buffer[writer.length++] = space;
    const path = this.#sentPath ?? (wire.pathOdd ? this.path : undefined);
    if (path === undefined) writer.copy(bytes, wire.pathStart, wire.targetEnd);
    else writer.text(path).copy(bytes, wire.pathEnd, wire.targetEnd);
    writer.put(fixed.versionLine).put(fixed.host);
    if (this.#sentHost === undefined) writer.copy(bytes, wire.hostStart, wire.hostEnd);
    else writer.text(this.#sentHost);
    writer.crlf().runs(wire, bytes);
    this.#edits.write(writer);
    writer.reserve(ownLines.length);
    writer.length += writer.buffer.latin1Write(ownLines, writer.length);
    this.#writeFraming(writer);
    writer.crlf();
  }

  #writeFraming(writer: HeadWriter): void {
    if (this.upgrade) {
      writer
        .put(fixed.upgrade)
        .text(this.known(RequestField.upgrade) ?? "")
        .crlf();
      return;
    }
    if (this.framing === "chunked") writer.put(fixed.chunked);
    else if (this.#wire.contentLength >= 0) writer.contentLength(this.#wire.contentLength);
  }
}

/** A path of a filter, with what may not stand in a request target percent-encoded. */
function asTarget(path: string): string {
  for (let i = 0; i < path.length; i++) {
    if (TARGET[path.charCodeAt(i)] === 1 && path.charCodeAt(i) !== 63) continue;
    let encoded = "";
    for (const byte of Buffer.from(path, "utf8")) {
      const plain = TARGET[byte] === 1 && byte !== 63;
      encoded += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    }
    return encoded;
  }
  return path;
}
