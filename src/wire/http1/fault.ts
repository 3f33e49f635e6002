/**
 * Every reason for which a message is refused, with a permanent code. Parsers return the code (a negative number, so that
 * the hot path allocates nothing); everybody else reads the row with {@link faultOf}.
 */

/** One reason for refusing a message. */
export type Fault = {
  /** Negative, permanent. What parsers return instead of an offset. */
  readonly code: number;
  /** What a client is answered. A fault of an upstream is a 502 whatever this says. */
  readonly status: 400 | 405 | 413 | 414 | 417 | 431 | 501 | 505;
  /** Whose messages can have it. */
  readonly on: "request" | "response" | "both";
  /** Short plain words, safe to send and to log: never holds bytes of the message. */
  readonly reason: string;
  /** Where the rule stands. */
  readonly rule: string;
};

/** The catalogue. Codes are never reused. */
export const faults = {
  // start of a request
  notHttp: {
    code: -1,
    status: 400,
    on: "request",
    reason: "the first byte cannot begin an HTTP request",
    rule: "RFC 9112 §3",
  },
  leadingLines: {
    code: -2,
    status: 400,
    on: "request",
    reason: "more than one empty line before the request",
    rule: "RFC 9112 §2.2",
  },
  methodInvalid: { code: -3, status: 400, on: "request", reason: "method is not a token", rule: "RFC 9110 §9.1" },
  methodTooLong: {
    code: -4,
    status: 501,
    on: "request",
    reason: "method is longer than 32 bytes",
    rule: "RFC 9112 §3",
  },
  requestLine: {
    code: -5,
    status: 400,
    on: "request",
    reason: "request line is not `method target version`",
    rule: "RFC 9112 §3",
  },
  targetInvalid: {
    code: -6,
    status: 400,
    on: "request",
    reason: "target contains a character that must be percent-encoded",
    rule: "RFC 9112 §3.2, RFC 3986 §2",
  },
  targetTooLong: {
    code: -7,
    status: 414,
    on: "request",
    reason: "target is longer than the limit",
    rule: "RFC 9112 §3",
  },
  targetForm: {
    code: -8,
    status: 400,
    on: "request",
    reason: "target is neither a path nor an http or https URL",
    rule: "RFC 9112 §3.2",
  },
  targetAuthority: {
    code: -9,
    status: 400,
    on: "request",
    reason: "target names an invalid host",
    rule: "RFC 9110 §4.2",
  },
  asterisk: {
    code: -10,
    status: 400,
    on: "request",
    reason: "target `*` is allowed only for OPTIONS",
    rule: "RFC 9112 §3.2.4",
  },
  connect: { code: -11, status: 405, on: "request", reason: "CONNECT is not supported", rule: "RFC 9110 §9.3.6" },
  version: {
    code: -12,
    status: 505,
    on: "request",
    reason: "HTTP version is neither 1.0 nor 1.1",
    rule: "RFC 9110 §15.6.6",
  },
  // host
  hostMissing: { code: -20, status: 400, on: "request", reason: "Host is missing", rule: "RFC 9112 §3.2" },
  hostRepeated: { code: -21, status: 400, on: "request", reason: "more than one Host", rule: "RFC 9112 §3.2" },
  hostInvalid: {
    code: -22,
    status: 400,
    on: "request",
    reason: "Host is not a host name or address with an optional port",
    rule: "RFC 9110 §7.2, RFC 3986 §3.2.2",
  },
  hostDisagrees: {
    code: -23,
    status: 400,
    on: "request",
    reason: "Host differs from the host of the target",
    rule: "RFC 9112 §3.2.2",
  },
  // lines
  bareLineFeed: {
    code: -30,
    status: 400,
    on: "both",
    reason: "line feed without a carriage return",
    rule: "RFC 9112 §2.2",
  },
  bareCarriageReturn: {
    code: -31,
    status: 400,
    on: "both",
    reason: "carriage return without a line feed",
    rule: "RFC 9112 §2.2",
  },
  foldedLine: {
    code: -32,
    status: 400,
    on: "both",
    reason: "header line starts with white space",
    rule: "RFC 9112 §5.2",
  },
  fieldNameEmpty: { code: -33, status: 400, on: "both", reason: "header without a name", rule: "RFC 9112 §5" },
  fieldNameInvalid: {
    code: -34,
    status: 400,
    on: "both",
    reason: "header name contains an invalid character",
    rule: "RFC 9110 §5.1",
  },
  spaceBeforeColon: {
    code: -35,
    status: 400,
    on: "both",
    reason: "white space between header name and colon",
    rule: "RFC 9112 §5.1",
  },
  fieldValueInvalid: {
    code: -36,
    status: 400,
    on: "both",
    reason: "header value contains a control character",
    rule: "RFC 9110 §5.5",
  },
  fieldNameAlias: {
    code: -37,
    status: 400,
    on: "both",
    reason: "header name spells a protected header with an underscore",
    rule: "RFC 3875 §4.1.18",
  },
  headTooLarge: { code: -38, status: 431, on: "both", reason: "head is larger than the limit", rule: "RFC 6585 §5" },
  tooManyFields: {
    code: -39,
    status: 431,
    on: "both",
    reason: "more header lines than the limit",
    rule: "RFC 6585 §5",
  },
  connectionOptions: {
    code: -40,
    status: 400,
    on: "both",
    reason: "Connection is not a short list of tokens",
    rule: "RFC 9110 §7.6.1",
  },
  // framing
  contentLengthRepeated: {
    code: -50,
    status: 400,
    on: "both",
    reason: "more than one Content-Length",
    rule: "RFC 9112 §6.3",
  },
  contentLengthInvalid: {
    code: -51,
    status: 400,
    on: "both",
    reason: "Content-Length is not a plain decimal number",
    rule: "RFC 9110 §8.6",
  },
  contentLengthTooLarge: {
    code: -52,
    status: 413,
    on: "both",
    reason: "Content-Length is beyond 2^53-1",
    rule: "RFC 9110 §8.6",
  },
  transferEncodingRepeated: {
    code: -53,
    status: 400,
    on: "both",
    reason: "more than one Transfer-Encoding",
    rule: "RFC 9112 §6.1",
  },
  transferEncodingUnknown: {
    code: -54,
    status: 501,
    on: "both",
    reason: "Transfer-Encoding is not a single `chunked`",
    rule: "RFC 9112 §6.1",
  },
  transferEncodingVersion: {
    code: -55,
    status: 400,
    on: "both",
    reason: "Transfer-Encoding in an HTTP/1.0 message",
    rule: "RFC 9112 §6.1",
  },
  twoFramings: {
    code: -56,
    status: 400,
    on: "both",
    reason: "both Transfer-Encoding and Content-Length",
    rule: "RFC 9112 §6.1",
  },
  expectation: {
    code: -57,
    status: 417,
    on: "request",
    reason: "Expect is not `100-continue`",
    rule: "RFC 9110 §10.1.1",
  },
  // chunked bodies
  chunkSize: {
    code: -70,
    status: 400,
    on: "both",
    reason: "chunk size is not a hexadecimal number",
    rule: "RFC 9112 §7.1",
  },
  chunkSizeTooLarge: { code: -71, status: 413, on: "both", reason: "chunk size is beyond 2^48", rule: "RFC 9112 §7.1" },
  chunkExtension: { code: -72, status: 400, on: "both", reason: "chunk extension", rule: "RFC 9112 §7.1.1" },
  chunkLineEnd: {
    code: -73,
    status: 400,
    on: "both",
    reason: "chunk size line does not end with CR LF",
    rule: "RFC 9112 §7.1",
  },
  chunkDataEnd: {
    code: -74,
    status: 400,
    on: "both",
    reason: "chunk data is not followed by CR LF",
    rule: "RFC 9112 §7.1",
  },
  trailerInvalid: {
    code: -75,
    status: 400,
    on: "both",
    reason: "trailer line is not a valid header line",
    rule: "RFC 9112 §7.1.2",
  },
  trailerForbidden: {
    code: -76,
    status: 400,
    on: "both",
    reason: "trailer that is allowed only in the head",
    rule: "RFC 9110 §6.5.1",
  },
  trailersTooLarge: {
    code: -77,
    status: 431,
    on: "both",
    reason: "trailers are larger than the limit",
    rule: "RFC 6585 §5",
  },
  // path
  pathEscape: {
    code: -90,
    status: 400,
    on: "request",
    reason: "path contains an incomplete percent escape",
    rule: "RFC 3986 §2.1",
  },
  pathControl: {
    code: -91,
    status: 400,
    on: "request",
    reason: "path contains an escaped NUL, CR or LF",
    rule: "RFC 3986 §7.3",
  },
  pathBackslash: { code: -92, status: 400, on: "request", reason: "target contains a backslash", rule: "RFC 3986 §2" },
  pathAboveRoot: {
    code: -93,
    status: 400,
    on: "request",
    reason: "path climbs above its root",
    rule: "RFC 3986 §5.2.4",
  },
  pathDotParameter: {
    code: -94,
    status: 400,
    on: "request",
    reason: "path contains a dot segment with a parameter",
    rule: "RFC 3986 §3.3",
  },
  pathDotSeparator: {
    code: -95,
    status: 400,
    on: "request",
    reason: "path contains an escaped slash or backslash next to a dot segment",
    rule: "RFC 3986 §7.3",
  },
  // status line of an upstream
  statusLine: {
    code: -110,
    status: 400,
    on: "response",
    reason: "status line is not `version status reason`",
    rule: "RFC 9112 §4",
  },
  statusCode: {
    code: -111,
    status: 400,
    on: "response",
    reason: "status is not a number from 100 to 599",
    rule: "RFC 9110 §15",
  },
  responseVersion: {
    code: -112,
    status: 400,
    on: "response",
    reason: "HTTP version of the response is neither 1.0 nor 1.1",
    rule: "RFC 9112 §2.3",
  },
  switchIncomplete: {
    code: -113,
    status: 400,
    on: "response",
    reason: "status 101 without a matching Upgrade",
    rule: "RFC 9110 §7.8",
  },
} as const satisfies Readonly<Record<string, Fault>>;

/** Name of a fault, as logs print it. */
export type FaultName = keyof typeof faults;

/** Fault with its name. */
export type NamedFault = Fault & { readonly name: FaultName };

const byCode = new Map<number, NamedFault>();
for (const [name, row] of Object.entries(faults)) byCode.set(row.code, { name: name as FaultName, ...row });

/** The row of a code that a parser returned. Throws for any other number: asking for it is a bug. */
export function faultOf(code: number): NamedFault {
  const fault = byCode.get(code);
  if (fault === undefined) throw new Error(`no fault has the code ${code}`);
  return fault;
}
