/** Nanoseconds for reading and writing one typical head: `node bench/wire-http1.ts`. Informational; best of several rounds. */
import { parseRequestHead, RequestHead } from "../src/wire/http1/request-head.ts";
import { parseResponseHead, ResponseHead } from "../src/wire/http1/response-head.ts";
import { HeadWriter } from "../src/wire/http1/serialize.ts";

const ROUNDS = 7;
const RUNS = 200_000;

const requestBytes = Buffer.from(
  "GET /svc3/items/42?x=1 HTTP/1.1\r\nHost: h3.example.test\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n" +
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9\r\nAccept-Language: en-US,en;q=0.5\r\n" +
    "Accept-Encoding: gzip, deflate, br\r\nCookie: a=1; session=0123456789abcdef0123456789abcdef\r\n" +
    "X-Request-Id: 0123456789abcdef\r\nConnection: keep-alive\r\n\r\n",
);
const responseBytes = Buffer.from(
  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1024\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n" +
    "Server: backend\r\nCache-Control: no-store\r\n\r\n",
);
const request = new RequestHead();
const response = new ResponseHead();
const writer = new HeadWriter();

const jobs = {
  "parse request": () => parseRequestHead(requestBytes, 0, requestBytes.length, request),
  "parse response": () => parseResponseHead(responseBytes, 0, responseBytes.length, response),
  "write request": () => writer.reset().field("host", "h3.example.test").runs(request, requestBytes).crlf().length,
} as const;

for (const [name, job] of Object.entries(jobs)) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const started = process.hrtime.bigint();
    for (let i = 0; i < RUNS; i++) if (job() <= 0) throw new Error(`${name} failed`);
    best = Math.min(best, Number(process.hrtime.bigint() - started) / RUNS);
  }
  console.log(`${name.padEnd(16)} ${best.toFixed(0).padStart(6)} ns`);
}
