/** Generated HTTP/1.1 bytes: good messages, good messages with damage, and heaps of their pieces. */
import fc from "fast-check";

const pieces: readonly string[] = [
  "GET",
  "POST",
  "OPTIONS",
  "CONNECT",
  " ",
  "/",
  "*",
  "/a/../b",
  "/%2e%2E/",
  "//",
  "?q=1",
  "http://a",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/2.0",
  "200 OK",
  "101",
  "\r\n",
  "\r\n\r\n",
  "\n",
  "\r",
  ":",
  ": ",
  "\t",
  ",",
  "a",
  "Host: a",
  "Host: [::1]:80",
  "Content-Length: 5",
  "Transfer-Encoding: chunked",
  "Connection: close, x-a",
  "X-A: 1",
  "Upgrade: websocket",
  "Expect: 100-continue",
  "X_Forwarded_For: 1",
  "\0",
  "\x7f",
  "\xff",
  ";",
  "5\r\nhello\r\n",
  "0\r\n\r\n",
  "FFFFFFFFFFFF",
];

const damageBytes = '\0\t\n\r !"#%,./0:;<=?@A[\\]_`{|}\x7f\x80\xff';

const oddLine = fc.constantFrom(
  "HOST:\tb",
  "Content-Length: 05",
  "content-length: 0",
  "Transfer-Encoding: gzip",
  "Connection: a b",
  "Expect: x",
  "Content_Length: 1",
  " folded",
);

const goodLine = fc.constantFrom(
  "Accept: */*",
  "A:b",
  "A: \t padded \t",
  "Empty:",
  "Cookie: a=1",
  "Content-Length: 5",
  "Transfer-Encoding: chunked",
  "Connection: keep-alive, X-A",
  "Connection: close",
  "X-A: 1",
  "x-a: 2",
  "Upgrade: h2c",
  "Expect: 100-Continue",
  "X-Forwarded-For: 1.2.3.4",
);

const line = fc.oneof({ weight: 8, arbitrary: goodLine }, { weight: 1, arbitrary: oddLine });

const method = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom("GET", "HEAD", "POST", "OPTIONS", "PURGE") },
  { weight: 1, arbitrary: fc.constant("CONNECT") },
);

const target = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom("/", "/a/b?c=d", "/a/%2e%2e/b", "//x", "http://a.test/x", "https://A.test") },
  { weight: 1, arbitrary: fc.constantFrom("/%zz", "*", "http://b", "a") },
);

const version = fc.constantFrom(...Array<string>(12).fill("HTTP/1.1"), "HTTP/1.0", "HTTP/1.0", "HTTP/1.2");

/** With a good Host most of the time: without one nothing else is looked at. */
const requestLine = fc
  .tuple(method, target, version, fc.constantFrom(...Array<string>(9).fill("\r\nHost: a.test"), ""))
  .map(([verb, path, number, host]) => `${verb} ${path} ${number}${host}`);

const statusLine = fc.constantFrom(
  "HTTP/1.1 200 OK",
  "HTTP/1.0 404 ",
  "HTTP/1.1 204",
  "HTTP/1.1 101 X",
  "HTTP/1.1 999 X",
);

const headOf = (first: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom("", "", "", "\r\n"),
      first,
      fc.array(line, { maxLength: 6 }),
      fc.constantFrom("", "0\r\n\r\n", "GET /"),
    )
    .map(([before, start, lines, after]) => `${before}${[start, ...lines].join("\r\n")}\r\n\r\n${after}`);

const body = fc
  .tuple(
    fc.array(fc.string({ minLength: 1, maxLength: 20, unit: "binary-ascii" }), { maxLength: 5 }),
    fc.constantFrom("", "A: b\r\n", "Host: a\r\n"),
  )
  .map(
    ([chunks, trailers]) =>
      `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("")}0\r\n${trailers}\r\n`,
  );

/** One to three bytes replaced, put in or taken out. */
function damaged(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const change = fc.tuple(
    fc.nat(),
    fc.constantFrom(...damageBytes),
    fc.constantFrom("replace", "insert", "remove", "repeat"),
  );
  return fc.tuple(text, fc.array(change, { minLength: 1, maxLength: 3 })).map(([original, changes]) => {
    let result = original;
    for (const [position, byte, how] of changes) {
      const at = position % (result.length + 1);
      const middle = how === "remove" ? "" : how === "repeat" ? result.slice(at, at + 12).repeat(2) : byte;
      result = result.slice(0, at) + middle + result.slice(how === "insert" ? at : how === "repeat" ? at + 12 : at + 1);
    }
    return result;
  });
}

const heap = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join(""));

const mixed = (good: fc.Arbitrary<string>): fc.Arbitrary<Buffer> =>
  fc
    .oneof({ weight: 3, arbitrary: good }, { weight: 5, arbitrary: damaged(good) }, { weight: 2, arbitrary: heap })
    .map((text) => Buffer.from(text, "latin1"));

export const requestBytes: fc.Arbitrary<Buffer> = mixed(headOf(requestLine));
export const responseBytes: fc.Arbitrary<Buffer> = mixed(headOf(statusLine));
export const chunkBytes: fc.Arbitrary<Buffer> = mixed(body);

/** Path and query as clients send them, dots and escapes often. */
export const targetText: fc.Arbitrary<string> = fc
  .array(
    fc.constantFrom(
      "/",
      "/",
      ".",
      "..",
      "a",
      "b.c",
      "%2e",
      "%2F",
      "%5c",
      "%41",
      "%c3",
      "%00",
      "%",
      "%2",
      ";",
      "~",
      ":",
      "?",
    ),
    { maxLength: 14 },
  )
  .map((parts) => `/${parts.join("")}`);

/** Where to cut an input; positions beyond its end are left out. */
export function cutsOf(input: Buffer, positions: readonly number[]): readonly number[] {
  const cuts = positions
    .map((position) => position % (input.length + 1))
    .filter((cut) => cut > 0 && cut < input.length);
  return [...new Set(cuts)].sort((a, b) => a - b);
}
export const cutPositions: fc.Arbitrary<number[]> = fc.array(fc.nat({ max: 400 }), { maxLength: 6 });
