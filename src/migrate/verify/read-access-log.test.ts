import assert from "node:assert/strict";
import { test } from "node:test";
import { readAccessLog } from "./read-access-log.ts";

const nginx =
  '192.0.2.1 - - [30/Nov/2026:10:00:00 +0000] "GET /a?x=1 HTTP/1.1" 200 5 "-" "curl/8 \\"x\\"" 90 0.001 [shop-app-80] [] 10.0.0.1:8080 5 0.001 200 abc';
const sluice =
  '{"timestamp":"2026-11-30T10:00:00Z","hostname":"shop.example.com","path":"/a","method":"POST","status_code":308,"source_ip":"192.0.2.2"}';

test("readAccessLog() reads lines of ingress-nginx, of plain nginx and of Sluice, and counts equal ones", () => {
  const short = '192.0.2.3 - joe [30/Nov/2026:10:00:00 +0000] "HEAD / HTTP/2.0" 404 0 "-" "-"';
  const { requests, unread } = readAccessLog([nginx, sluice, nginx, short, "", "nonsense", "{"].join("\n"));
  assert.equal(unread, 2);
  assert.deepEqual(requests, [
    {
      host: undefined,
      upstream: "shop-app-80",
      method: "GET",
      target: "/a?x=1",
      status: 200,
      client: "192.0.2.1",
      times: 2,
    },
    {
      host: "shop.example.com",
      upstream: "",
      method: "POST",
      target: "/a",
      status: 308,
      client: "192.0.2.2",
      times: 1,
    },
    { host: undefined, upstream: "", method: "HEAD", target: "/", status: 404, client: "192.0.2.3", times: 1 },
  ]);
});
