/** One message for each fault of the catalogue: the type makes a fault without an example an error. */
import type { FaultName } from "../../src/wire/http1/fault.ts";
import { judgeChunks, judgeRequest, judgeResponse, requestWith, responseWith, type Verdict } from "./feed.ts";

type Example = { readonly judge: (text: string | Buffer) => Verdict; readonly text: string };

const request = (text: string): Example => ({ judge: judgeRequest, text });
const response = (text: string): Example => ({ judge: judgeResponse, text });
const chunks = (text: string): Example => ({ judge: judgeChunks, text });
/** A path is judged after its head: the verdict is the code that `path` gives. */
const path = (target: string): Example => request(`GET ${target} HTTP/1.1\r\nHost: example.test\r\n\r\n`);

export const pathFaults = new Set<FaultName>([
  "pathEscape",
  "pathControl",
  "pathAboveRoot",
  "pathDotParameter",
  "pathDotSeparator",
]);

export const faultExamples: Readonly<Record<FaultName, Example>> = {
  notHttp: request("\x16\x03\x01\x02\x00\x01"),
  leadingLines: request("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
  methodInvalid: request("GE(T / HTTP/1.1\r\nHost: a\r\n\r\n"),
  methodTooLong: request(`${"A".repeat(33)} / HTTP/1.1\r\nHost: a\r\n\r\n`),
  requestLine: request("GET /\r\nHost: a\r\n\r\n"),
  targetInvalid: request("GET /<a> HTTP/1.1\r\nHost: a\r\n\r\n"),
  targetTooLong: request(`GET /${"a".repeat(8_192)} HTTP/1.1\r\nHost: a\r\n\r\n`),
  targetForm: request("GET example.test/a HTTP/1.1\r\nHost: a\r\n\r\n"),
  targetAuthority: request("GET http://a@b/ HTTP/1.1\r\nHost: b\r\n\r\n"),
  asterisk: request("GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
  connect: request("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"),
  version: request("GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
  hostMissing: request("GET / HTTP/1.1\r\nAccept: a\r\n\r\n"),
  hostRepeated: request("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
  hostInvalid: request("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
  hostDisagrees: request("GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n"),
  bareLineFeed: request("GET / HTTP/1.1\nHost: a\n\n"),
  bareCarriageReturn: request(requestWith("A: b\rC: d")),
  foldedLine: request(requestWith("A: b", " c")),
  fieldNameEmpty: request(requestWith(": b")),
  fieldNameInvalid: request(requestWith("A(: b")),
  spaceBeforeColon: request(requestWith("A : b")),
  fieldValueInvalid: request(requestWith("A: b\x01")),
  fieldNameAlias: request(requestWith("X_Forwarded_For: 10.0.0.1")),
  headTooLarge: request(requestWith(`A: ${"a".repeat(33_000)}`)),
  tooManyFields: request(requestWith(...Array<string>(128).fill("A: b"))),
  connectionOptions: request(requestWith("Connection: close;x")),
  contentLengthRepeated: request(requestWith("Content-Length: 1", "Content-Length: 1")),
  contentLengthInvalid: request(requestWith("Content-Length: 1,1")),
  contentLengthTooLarge: request(requestWith("Content-Length: 9007199254740992")),
  transferEncodingRepeated: request(requestWith("Transfer-Encoding: chunked", "Transfer-Encoding: chunked")),
  transferEncodingUnknown: request(requestWith("Transfer-Encoding: gzip, chunked")),
  transferEncodingVersion: request("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
  twoFramings: request(requestWith("Content-Length: 4", "Transfer-Encoding: chunked")),
  expectation: request(requestWith("Expect: y 100-continue")),
  chunkSize: chunks("x\r\n"),
  chunkSizeTooLarge: chunks("1000000000000\r\n"),
  chunkExtension: chunks("5;a=b\r\nhello\r\n0\r\n\r\n"),
  chunkLineEnd: chunks("5\nhello\r\n0\r\n\r\n"),
  chunkDataEnd: chunks("5\r\nhello0\r\n\r\n"),
  trailerInvalid: chunks("0\r\nA : b\r\n\r\n"),
  trailerForbidden: chunks("0\r\nContent-Length: 5\r\n\r\n"),
  trailersTooLarge: chunks(`0\r\nA: ${"a".repeat(8_192)}\r\n\r\n`),
  pathEscape: path("/a%2"),
  pathControl: path("/a%00"),
  pathBackslash: path("/a\\b"),
  pathAboveRoot: path("/a/../../b"),
  pathDotParameter: path("/a/..;/b"),
  pathDotSeparator: path("/a/..%2fb"),
  statusLine: response("HTP/1.1 200 OK\r\n\r\n"),
  statusCode: response("HTTP/1.1 000 Zero\r\n\r\n"),
  responseVersion: response("HTTP/2.0 200 OK\r\n\r\n"),
  switchIncomplete: response("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
};

/** A 200 that has the same fault in its lines or framing as a request would; undefined for faults of requests alone. */
export function asResponse(name: FaultName): string | undefined {
  const { judge, text } = faultExamples[name];
  if (judge !== judgeRequest) return undefined;
  const [, , ...lines] = text.split("\r\n");
  return responseWith(...lines.slice(0, -2));
}
