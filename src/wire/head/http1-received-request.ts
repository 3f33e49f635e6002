import { RequestField } from "../http1/known-field.ts";
import type { NormalPath } from "../http1/path.ts";
import type { RequestHead } from "../http1/request-head.ts";
import type { HeadWriter } from "../http1/serialize.ts";
import { Http1Fields } from "./http1-fields.ts";
import type { BodyFraming, ReceivedRequest } from "./received-request.ts";

/** A request's head of HTTP/1.1: what is passed on is copied from its bytes. */
export class Http1ReceivedRequest extends Http1Fields<RequestHead> implements ReceivedRequest {
  get method(): string {
    return this.head.method(this.bytes);
  }

  get host(): string {
    return this.head.host(this.bytes);
  }

  get hostText(): string {
    return this.bytes.latin1Slice(this.head.hostStart, this.head.hostEnd);
  }

  get query(): string {
    return this.head.query(this.bytes);
  }

  get queryText(): string {
    return this.bytes.latin1Slice(this.head.pathEnd, this.head.targetEnd);
  }

  get framing(): BodyFraming {
    if (this.head.chunked) return "chunked";
    return this.head.contentLength > 0 ? "length" : "none";
  }

  get contentLength(): number {
    return this.head.contentLength;
  }

  get sizeBytes(): number {
    return this.head.end - this.head.start;
  }

  get upgrade(): string {
    return this.head.upgrade ? (this.known(RequestField.upgrade) ?? "") : "";
  }

  get claims(): boolean {
    return this.head.claims;
  }

  get oddPath(): NormalPath | undefined {
    return this.head.oddPath;
  }

  path(): string | number {
    return this.head.path(this.bytes);
  }

  has(field: RequestField): boolean {
    return this.head.first[field]! >= 0;
  }

  known(field: RequestField): string | undefined {
    return this.head.value(this.bytes, field);
  }

  isRepeated(field: RequestField): boolean {
    return this.head.isRepeated(field);
  }

  forgetClaims(): void {
    this.head.forgetClaims(this.bytes);
  }

  forgetNames(allowed: Uint8Array): void {
    this.head.forgetNames(this.bytes, allowed);
  }

  writePath(writer: HeadWriter): void {
    writer.copy(this.bytes, this.head.pathStart, this.head.pathEnd);
  }

  writeQuery(writer: HeadWriter): void {
    writer.copy(this.bytes, this.head.pathEnd, this.head.targetEnd);
  }

  writeHost(writer: HeadWriter): void {
    writer.copy(this.bytes, this.head.hostStart, this.head.hostEnd);
  }
}
