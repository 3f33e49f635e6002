import { SPACE } from "../http1/ascii.ts";
import { faults } from "../http1/fault.ts";
import { canonicalHost, hostNameEnd } from "../http1/host.ts";
import { RequestField } from "../http1/known-field.ts";
import { type NormalPath, normalizePath } from "../http1/path.ts";
import {
  MAX_METHOD_BYTES,
  type RequestLimits,
  scanTarget,
  type TargetParts,
  targetFault,
} from "../http1/request-head.ts";
import type { HeadWriter } from "../http1/serialize.ts";
import type { RequestMessage } from "../http2/message.ts";
import { requestNames } from "./field-names.ts";
import { Http2Fields, sizeAsLines } from "./http2-fields.ts";
import type { BodyFraming, ReceivedRequest } from "./received-request.ts";

/** What a head of HTTP/1.1 takes besides method, target, host and fields. Bytes. */
const startBytes = "  HTTP/1.1\r\nhost: \r\n\r\n".length;

/** Methods whose body is announced even when there is none: servers answer 411 otherwise. RFC 9110 §8.6. */
const bodied: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/** Where targets and hosts are judged, one at a time: by the code that reads those of HTTP/1.1. */
let scratch: Buffer = Buffer.allocUnsafeSlow(4_096);
const parts: TargetParts = { pathEnd: 0, pathOdd: false };

/** Canonical hosts by authority; `undefined`: it is none. Those met later are read anew each time. */
const hosts = new Map<string, string | undefined>();
const maxHosts = 1_024;
const maxHostLength = 261;

/** A request's head of HTTP/2. CONNECT has no place in it: see RFC 8441. */
export class Http2ReceivedRequest extends Http2Fields implements ReceivedRequest {
  readonly method: string;
  readonly host: string;
  readonly hostText: string;
  readonly query: string;
  readonly queryText: string;
  readonly framing: BodyFraming;
  readonly contentLength: number;
  readonly sizeBytes: number;
  readonly upgrade = "";
  /** Path as it was sent. */
  readonly #path: string;
  readonly #normal: NormalPath | number | undefined;

  /** For {@link readReceivedRequest}, which judges what it gives. */
  constructor(message: RequestMessage, given: GivenParts) {
    super(message.fields, requestNames);
    const { method, path, authority, contentLength } = message;
    this.method = method;
    this.host = given.host;
    this.hostText = authority;
    this.#path = given.pathEnd < path.length ? path.slice(0, given.pathEnd) : path;
    this.#normal = given.normal;
    this.queryText = path.slice(given.pathEnd);
    this.query = this.queryText.slice(1);
    this.framing = given.framing;
    this.contentLength = given.framing === "none" && contentLength < 0 && bodied.has(method) ? 0 : contentLength;
    this.sizeBytes = given.sizeBytes;
  }

  get oddPath(): NormalPath | undefined {
    return typeof this.#normal === "object" ? this.#normal : undefined;
  }

  path(): string | number {
    if (this.#normal === undefined) return this.#path;
    return typeof this.#normal === "number" ? this.#normal : this.#normal.path;
  }

  writePath(writer: HeadWriter): void {
    writer.text(this.#path);
  }

  writeQuery(writer: HeadWriter): void {
    writer.text(this.queryText);
  }

  writeHost(writer: HeadWriter): void {
    writer.text(this.hostText);
  }
}

type GivenParts = {
  readonly host: string;
  readonly pathEnd: number;
  readonly normal: NormalPath | number | undefined;
  readonly framing: BodyFraming;
  readonly sizeBytes: number;
};

/**
 * Reads a message that `readRequest` has judged, and that is no CONNECT, by the rules that hold for HTTP/1.1 as well. `framing`
 * is that of its body. Returns the code of a fault when it breaks one of them.
 */
export function readReceivedRequest(
  message: RequestMessage,
  framing: BodyFraming,
  limits: RequestLimits,
): Http2ReceivedRequest | number {
  const { method, path, authority, fields } = message;
  if (method.length > MAX_METHOD_BYTES) return faults.methodTooLong.code;
  if (path.length > limits.maxTargetBytes) return faults.targetTooLong.code;
  const targetCode = scan(path, limits);
  if (targetCode < 0) return targetCode;
  const { pathEnd } = parts;
  const normal = parts.pathOdd ? normalizePath(scratch, 0, pathEnd) : undefined;
  const sizeBytes = startBytes + method.length + path.length + authority.length + sizeAsLines(fields);
  if (sizeBytes > limits.maxHeadBytes) return faults.headTooLarge.code;
  // The host is one of them.
  if (fields.length >= limits.maxFields) return faults.tooManyFields.code;
  const host = hostOf(authority);
  if (host === undefined) return faults.hostInvalid.code;
  const head = new Http2ReceivedRequest(message, { host, pathEnd, normal, framing, sizeBytes });
  if (head.hasAlias) return faults.fieldNameAlias.code;
  return canBeMet(head) ? head : faults.expectation.code;
}

/** Finds the parts of a target, whose bytes stand in `scratch` then. Returns 0 or a fault. */
function scan(target: string, limits: RequestLimits): number {
  if (target.length >= scratch.length) scratch = Buffer.allocUnsafeSlow(target.length * 2);
  const end = scratch.latin1Write(target);
  scratch[end] = SPACE;
  const reached = scanTarget(scratch, 0, end, parts, limits);
  return reached < end ? targetFault(scratch[reached]!) : 0;
}

function hostOf(authority: string): string | undefined {
  if (hosts.has(authority)) return hosts.get(authority);
  const bytes = Buffer.from(authority, "latin1");
  const nameEnd = hostNameEnd(bytes, 0, bytes.length);
  const host = nameEnd < 0 ? undefined : canonicalHost(bytes, 0, nameEnd);
  if (hosts.size < maxHosts && authority.length <= maxHostLength) hosts.set(authority, host);
  return host;
}

/** Anything but one `100-continue` cannot be met. RFC 9110 §10.1.1. */
function canBeMet(head: Http2ReceivedRequest): boolean {
  if (!head.has(RequestField.expect)) return true;
  return !head.isRepeated(RequestField.expect) && head.known(RequestField.expect)!.toLowerCase() === "100-continue";
}
