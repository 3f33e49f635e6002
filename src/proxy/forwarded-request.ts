import type { RequestCopy, RequestHead } from "../filter/contract/message.ts";
import type { Cluster } from "../ir/cluster.ts";
import { isGrpcContentType } from "../wire/grpc-content-type.ts";
import { parseGrpcTimeout } from "../wire/grpc-timeout.ts";
import { fieldText } from "../wire/head/field-text.ts";
import type { BodyFraming, ReceivedRequest } from "../wire/head/received-request.ts";
import { BROWSER_QUERY } from "../wire/http1/ascii.ts";
import { isConnectionLogin } from "../wire/http1/connection-login.ts";
import { RequestField, requestFields } from "../wire/http1/known-field.ts";
import type { NormalPath } from "../wire/http1/path.ts";
import { fixed, HeadWriter } from "../wire/http1/serialize.ts";
import type { HeaderField } from "../wire/http2/hpack-table.ts";
import type { Peer } from "./forwarding.ts";
import { HeaderEdits } from "./header-edits.ts";
import type { OutgoingFields, OutgoingRequest } from "./upstream/exchange.ts";

/** Room for a head; it grows with a larger one. */
const headBytes = 2_048;
/** Writers that no request uses at the moment. */
const spareWriters: HeadWriter[] = [];
const maxSpareWriters = 256;
const space = 32;
/** Length of a `traceparent` line of the engine's, which is the last of its own, and of its end from the parent id on. */
const traceparentLine = 70;
const traceparentTail = 21;
/** Where the parent id stands in the value. */
const parentIdStart = 36;
const parentIdEnd = 52;
/** Fields that the engine writes in place of the client's: who the client is, and which request it is. */
const ownFields: ReadonlySet<string> = new Set(
  requestFields.names.slice(RequestField.xForwardedFor, requestFields.keptFrom),
);
const trailersToken = /(^|[,\s])trailers($|[;,\s])/i;
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
  /** As the client sent it, whatever filters have made of it. */
  askedQuery = "";
  framing: BodyFraming = "none";
  /** Of the body as it is sent; -1 without Content-Length. */
  contentLength = -1;
  upgrade = false;
  /** As it is written. */
  logsIn = false;
  acceptsTrailers = false;
  /** By its content type. */
  grpc = false;
  /** Of the route, once there is one. */
  silence: OutgoingRequest["silence"] = "bounded";
  sendSilenceMs = 0;
  /** The engine sets it for gRPC calls. */
  deadlineMs = Number.POSITIVE_INFINITY;
  readonly #edits = new HeaderEdits(ownFields);
  /** Borrowed from `begin` to `end`: connections without a request have none. */
  #writer: HeadWriter | undefined;
  #received: ReceivedRequest | undefined;
  /** The head as fields, once it is put together for HTTP/2. */
  fields: OutgoingFields | undefined;
  /** The forms of a path that has more than one. */
  #odd: NormalPath | undefined;
  #keepsPath = false;
  /** It is sent as HTTP/1.0. */
  #isOld = false;
  #sentHost: string | undefined;
  #sentPath: string | undefined;
  #sentQuery: string | undefined;
  /** Where the parent id of the gateway's own `traceparent` stands in the head, or its field among the fields; -1: a filter has replaced it. */
  #parentIdAt = -1;

  /** Takes over a head; `path` is what its `path` said. */
  begin(received: ReceivedRequest, path: string): void {
    this.#received = received;
    this.fields = undefined;
    this.#odd = received.oddPath;
    this.#keepsPath = false;
    this.method = received.method;
    this.host = received.host;
    this.path = path;
    this.query = received.query;
    this.askedQuery = this.query;
    this.framing = received.framing;
    this.contentLength = received.contentLength;
    // A switch to HTTP/2 would carry requests past routing.
    const { upgrade } = received;
    this.upgrade = upgrade !== "" && !h2Upgrade.test(upgrade);
    const te = this.known(RequestField.te);
    this.acceptsTrailers = te !== undefined && trailersToken.test(te);
    this.grpc = isGrpcContentType(this.known(RequestField.contentType));
    this.silence = "bounded";
    this.sendSilenceMs = 0;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#isOld = false;
    this.#sentHost = undefined;
    this.#sentPath = undefined;
    this.#sentQuery = undefined;
    this.#edits.begin(received);
  }

  /** Lets go of what was parsed: it may be part of a large read, and is not looked at any more. */
  release(): void {
    this.#received = undefined;
    this.#edits.begin(undefined);
  }

  /** Nothing more is sent of the request. */
  end(): void {
    this.release();
    this.fields = undefined;
    const writer = this.#writer;
    if (writer === undefined) return;
    this.#writer = undefined;
    if (writer.buffer.length === headBytes && spareWriters.length < maxSpareWriters) spareWriters.push(writer);
  }

  get head(): Buffer {
    return this.#writer!.buffer;
  }

  get headEnd(): number {
    return this.#writer!.length;
  }

  keepHead(): void {
    const writer = this.#writer!;
    const written = writer.take();
    // Another attempt may still be made.
    writer.copy(written, 0, written.length);
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

  /** Gives a request without a Host, as HTTP/1.0 may be, the one that its connection stands for. RFC 9112 §3.3. */
  adoptHost({ serverName, ownHost }: Pick<Peer, "serverName" | "ownHost">): void {
    this.host = serverName;
    this.#sentHost = ownHost;
  }

  setPath(path: string): void {
    this.#sentPath = path;
  }

  get keptPath(): string | undefined {
    return this.#odd === undefined ? this.path : this.#odd.keptPath;
  }

  /** Leaves the segments of the path to the backend as the client sent them. */
  keepPath(): void {
    this.#keepsPath = true;
  }

  get spelledPath(): string {
    if (this.#odd === undefined) return this.path;
    return this.#keepsPath ? this.#odd.sentPath : this.#odd.forwardedPath;
  }

  setQuery(query: string): void {
    this.query = query;
    this.#sentQuery = query === "" ? "" : asQuery(query);
  }

  /** Other content is sent than the client's: that many bytes, or `undefined`: nobody knows how many. */
  setContentLength(bytes: number | undefined): void {
    this.contentLength = bytes ?? -1;
    if (bytes === undefined) this.framing = "content";
    else this.framing = bytes > 0 ? "length" : "none";
  }

  headerNames(): readonly string[] {
    return this.#edits.names();
  }

  /** Host as it will be sent, with its port. */
  sentHost(): string {
    return this.#sentHost ?? this.hostText();
  }

  askedTarget(): string {
    const query = this.#sentQuery ?? this.query;
    const matched = this.#keepsPath ? (this.keptPath ?? this.path) : this.path;
    return `${this.#sentPath ?? matched}${query === "" ? "" : `?${query}`}`;
  }

  /** First value of a field that the codec knows, as the client sent it. */
  known(field: RequestField): string | undefined {
    return this.#received?.known(field);
  }

  /** What the client gives a gRPC call; `undefined` when it says nothing. Milliseconds. */
  grpcTimeoutMs(): number | "malformed" | undefined {
    const text = this.#edits.get("grpc-timeout");
    return text === undefined ? undefined : (parseGrpcTimeout(text) ?? "malformed");
  }

  isRepeated(field: RequestField): boolean {
    return this.#received?.isRepeated(field) === true;
  }

  /** Drops the client's lines of a field that is kept otherwise. */
  drop(name: string): void {
    this.#received?.drop(name);
  }

  /** Host as the client sent it, with its port. */
  hostText(): string {
    return this.#received?.hostText ?? "";
  }

  /** Gives the lines that the engine adds (each with CR LF): they are seen, and changed by filters, from here on. `names`: see `HeaderEdits`. */
  setOwnLines(lines: string, names: ReadonlySet<string> | undefined): void {
    this.#edits.setOwnLines(lines, names);
  }

  /** The fields that the engine adds as they stand, CR LF after each. */
  ownLines(): string {
    let lines = this.#edits.ownLines;
    for (let i = 0; i < this.#edits.count; i++) {
      const name = this.#edits.nameAt(i);
      if (this.#edits.ownNames.has(name)) lines += `${name}: ${this.#edits.valueAt(i)}\r\n`;
    }
    return lines;
  }

  /** Puts the head together as it stands, for an endpoint that speaks this. An upgrade is put in lines for both. */
  serialise({ protocol, httpVersion }: Pick<Cluster, "httpVersion" | "protocol">): void {
    const received = this.#received!;
    const hasLength = this.framing === "none" || this.framing === "length";
    this.#isOld = httpVersion === "1.0" && hasLength && !this.upgrade;
    this.logsIn = this.#carriesLogin(received);
    if (protocol === "http2" && !this.upgrade) this.#listFields(received);
    else this.#writeLines(received);
  }

  #writeLines(received: ReceivedRequest): void {
    this.#writer ??= spareWriters.pop() ?? new HeadWriter(headBytes);
    const writer = this.#writer.reset();
    this.#writeFields(writer, received);
    this.#parentIdAt = this.#isTraced(this.#edits.ownLines) ? writer.length - traceparentTail : -1;
    this.#writeFraming(writer, received);
    writer.crlf();
    this.fields = undefined;
  }

  copyHead(): RequestCopy {
    const received = this.#received!;
    const writer = new HeadWriter(headBytes);
    this.#writeFields(writer, received);
    return {
      method: this.method,
      lines: writer.take(),
      announcesContent: this.framing === "chunked" || this.framing === "content" || this.contentLength >= 0,
      acceptsTrailers: this.acceptsTrailers,
      logsIn: this.#carriesLogin(received),
    };
  }

  #carriesLogin(received: ReceivedRequest): boolean {
    return (
      (this.#edits.count > 0 || received.has(RequestField.authorization)) &&
      isConnectionLogin(this.#edits.get("authorization"))
    );
  }

  /** Request line and fields, but for those that frame the body. */
  #writeFields(writer: HeadWriter, received: ReceivedRequest): void {
    writer.reserve(received.sizeBytes + this.#edits.ownLines.length + 256);
    writer.text(this.method);
    writer.buffer[writer.length++] = space;
    if (this.#sentPath === undefined && this.#odd === undefined) received.writePath(writer);
    else writer.text(this.#sentPath ?? this.spelledPath);
    if (this.#sentQuery === undefined) received.writeQuery(writer);
    else if (this.#sentQuery !== "") writer.text(`?${this.#sentQuery}`);
    writer.put(this.#isOld ? fixed.oldVersionLine : fixed.versionLine).put(fixed.host);
    if (this.#sentHost === undefined) received.writeHost(writer);
    else writer.text(this.#sentHost);
    writer.crlf();
    received.writeLines(writer);
    this.#edits.write(writer);
  }

  #listFields(received: ReceivedRequest): void {
    const edits = this.#edits;
    const fields: HeaderField[] = [];
    received.addFields(fields);
    edits.addFields(fields);
    this.#parentIdAt = this.#isTraced(edits.ownLines) ? fields.length - 1 : -1;
    const { contentLength } = this;
    if (contentLength >= 0) fields.push({ name: "content-length", value: String(contentLength) });
    const query = this.#sentQuery === undefined ? received.queryText : this.#sentQuery && `?${this.#sentQuery}`;
    const path = fieldText(this.#sentPath ?? this.spelledPath);
    this.fields = { authority: fieldText(this.sentHost()), path: `${path}${query}`, fields, contentLength };
  }

  /** A filter has not replaced the gateway's own `traceparent`, which is the last of its lines. */
  #isTraced(ownLines: string): boolean {
    return ownLines.startsWith("traceparent: ", ownLines.length - traceparentLine);
  }

  /** Puts another parent id into the `traceparent` of a head that is put together. 16 hexadecimal digits. */
  setParentId(id: string): void {
    const at = this.#parentIdAt;
    if (at < 0) return;
    if (this.fields === undefined) {
      this.#writer!.buffer.latin1Write(id, at);
      return;
    }
    const { fields } = this.fields;
    const { name, value } = fields[at]!;
    fields[at] = { name, value: `${value.slice(0, parentIdStart)}${id}${value.slice(parentIdEnd)}` };
  }

  #writeFraming(writer: HeadWriter, { upgrade }: ReceivedRequest): void {
    if (this.upgrade) writer.put(fixed.upgrade).text(upgrade).crlf();
    if (this.framing === "chunked" || this.framing === "content") writer.put(fixed.chunked);
    else if (this.contentLength >= 0) writer.contentLength(this.contentLength);
  }
}

/** A query of a filter, with what may not stand in one percent-encoded; what browsers leave unescaped may have come so. */
function asQuery(query: string): string {
  for (let i = 0; i < query.length; i++) {
    if (BROWSER_QUERY[query.charCodeAt(i)] === 1) continue;
    let encoded = "";
    for (const byte of Buffer.from(query, "utf8")) {
      const plain = BROWSER_QUERY[byte] === 1;
      encoded += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    }
    return encoded;
  }
  return query;
}
