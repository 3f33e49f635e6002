import type { AnswerHead } from "../../wire/head/answer-head.ts";
import { ResponseField } from "../../wire/http1/known-field.ts";
import type { RequestHead } from "../../wire/http1/request-head.ts";
import { fixed, type HeadWriter } from "../../wire/http1/serialize.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import { Exchange } from "../exchange.ts";
import type { Peer } from "../forwarding.ts";
import { dateLine } from "../http-date.ts";
import type { OwnResponse, RelayedResponse, Responder } from "../responder.ts";
import { output } from "../transport/output.ts";
import type { Transport } from "../transport/transport.ts";
import type { Http1Connection } from "./http1-connection.ts";

/** Writes the answers of one HTTP/1.0 or HTTP/1.1 connection, one after the other. */
export class Http1Responder implements Responder {
  /** The connection goes on after this answer. The head says so, so it counts until that is written. */
  keepAlive = true;
  readonly #connection: Http1Connection;
  readonly #transport: Transport;
  readonly #peer: Peer;
  #exchange: Exchange | undefined;
  #minor: 0 | 1 = 1;
  #method = "";
  /** The body of the answer comes without framing, and leaves in chunks. */
  #chunking = false;
  #trailers: readonly HeaderField[] | undefined;
  #headStart = 0;

  constructor(connection: Http1Connection, peer: Peer) {
    this.#connection = connection;
    this.#transport = connection.transport;
    this.#peer = peer;
  }

  /** Serves the requests of the connection, one after the other. Made by the first, and by the first after a rest. */
  get exchange(): Exchange {
    this.#exchange ??= new Exchange(this.#connection.context, this, this.#peer);
    return this.#exchange;
  }

  /** What there is to be told of what happens to the connection; `undefined`: it has had no request, or a rest since. */
  get served(): Exchange | undefined {
    return this.#exchange;
  }

  /** Lets go of what serves requests: a connection that waits for one holds nothing that the next can have anew. */
  rest(): void {
    this.#exchange = undefined;
  }

  get protocol(): string {
    return this.#minor === 0 ? "HTTP/1.0" : "HTTP/1.1";
  }

  get takesChunks(): boolean {
    return this.#minor === 1;
  }

  get congested(): boolean {
    return this.#transport.congested;
  }

  /** Takes what answers to a request depend on. */
  begin(bytes: Buffer, head: RequestHead): void {
    this.#minor = head.minor;
    this.#method = head.method(bytes);
    this.#chunking = false;
    this.#trailers = undefined;
  }

  /** The next answer is to a request whose head could not be read: the one before it says nothing about it. */
  forgetRequest(): void {
    this.#method = "";
  }

  respond(response: RelayedResponse): void {
    const { head, edits, body } = response;
    const lengthless = body === "chunked" || body === "content" || body === "untilClose";
    if (lengthless && this.#minor === 0) this.keepAlive = false;
    this.#chunking = lengthless && this.#minor === 1 && body !== "chunked";
    const writer = this.#beginHead(head.status);
    head.writeLines(writer);
    edits.write(writer);
    if (!head.has(ResponseField.date) && !edits.decides("date")) writer.put(dateLine());
    if (lengthless && this.#minor === 1) writer.put(fixed.chunked);
    else if (head.contentLength >= 0 && head.status !== 204) writer.contentLength(head.contentLength);
    this.#endHead(writer);
    this.#connection.onAnswer();
  }

  respondInformational(head: AnswerHead): void {
    if (this.#minor === 0) return;
    const writer = this.#beginHead(head.status);
    head.writeLines(writer);
    writer.crlf();
    output.flush();
  }

  /** Tells a client that waits for it to send its body. */
  respondContinue(): void {
    output.head(this.#transport).put(fixed.continue);
    output.flush();
  }

  respondUpgrade({ head, edits }: RelayedResponse): void {
    const writer = this.#beginHead(101);
    head.writeLines(writer);
    edits.write(writer);
    writer
      .put(fixed.upgrade)
      .text(head.known(ResponseField.upgrade) ?? "")
      .crlf()
      .crlf();
    output.flush();
    this.#connection.onTunnel();
  }

  respondOwn({ status, edits, body }: OwnResponse): void {
    if (!this.#connection.outlivesRequest) this.keepAlive = false;
    const writer = this.#beginHead(status);
    edits.write(writer);
    if (!edits.decides("date")) writer.put(dateLine());
    const bytes = typeof body === "string" ? Buffer.from(body, "utf8") : body;
    if (status !== 204 && status !== 304) writer.contentLength(bytes.length);
    this.#endHead(writer);
    if (this.#method !== "HEAD" && bytes.length > 0) output.append(this.#transport, bytes, 0, bytes.length);
    this.exchange.bytesOut += bytes.length;
    output.flush();
  }

  /** Answers what did not get as far as an exchange. */
  respondRefusal(status: number, message: string): void {
    const body = Buffer.from(`${message}\n`, "utf8");
    const writer = this.#beginHead(status);
    writer.field("content-type", "text/plain; charset=utf-8").put(dateLine()).contentLength(body.length);
    this.#endHead(writer);
    if (this.#method !== "HEAD") output.append(this.#transport, body, 0, body.length);
    output.flush();
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    this.exchange.bytesOut += end - start;
    this.#connection.onBodySent();
    if (this.#chunking) {
      if (start === end) return;
      output.head(this.#transport).chunkSize(end - start);
      output.append(this.#transport, bytes, start, end);
      output.head(this.#transport).crlf();
    } else output.append(this.#transport, bytes, start, end);
  }

  sendTrailers(trailers: readonly HeaderField[]): void {
    if (this.#chunking) this.#trailers = trailers;
  }

  sendEnd(): void {
    if (this.#chunking) {
      const writer = output.head(this.#transport);
      if (this.#trailers === undefined) writer.put(fixed.lastChunk);
      else writer.trailers(this.#trailers);
    }
    output.flush();
  }

  flush(): void {
    output.flush();
    if (this.#transport.congested) this.#connection.onCongested();
  }

  abort(): void {
    output.flush();
    this.#connection.onAbort();
  }

  halfClose(): void {
    output.flush();
    this.#connection.onHalfClose();
  }

  pauseRequest(): void {
    this.#connection.pauseRequest();
  }

  resumeRequest(): void {
    this.#connection.resumeRequest();
  }

  onExchangeOver(): void {
    this.#connection.onExchangeOver();
  }

  #beginHead(status: number): HeadWriter {
    const writer = output.head(this.#transport);
    this.#headStart = writer.length;
    return writer.statusLine(status);
  }

  #endHead(writer: HeadWriter): void {
    if (!this.keepAlive) writer.put(fixed.close);
    else if (this.#minor === 0) writer.put(fixed.keepAlive);
    writer.crlf();
    this.exchange.bytesOut += writer.length - this.#headStart;
  }
}
