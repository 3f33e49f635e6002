import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { SluiceProcess, sluice } from "./sluice-process.ts";

test("demo serves the quickstart example on both ports", async () => {
  await using process = await SluiceProcess.start(["demo", "--port", "0", "--https-port", "0"]);
  const { listeners } = await process.ready();
  assert.deepEqual(
    listeners.map(({ protocol, port }) => [protocol, port]),
    [
      ["HTTP", 80],
      ["HTTPS", 443],
    ],
  );
  const answer = await fetch(`http://127.0.0.1:${await process.localPort(80)}/hello`);
  const echoed = (await answer.json()) as { readonly service: string; readonly request: { readonly path: string } };
  assert.deepEqual([echoed.service, echoed.request.path], ["welcome", "/hello"]);
});

test("demo prints the routes and curl lines with the ports in use", async () => {
  await using process = await SluiceProcess.start(["demo", "--port", "0", "--https-port", "0"], { logFormat: "text" });
  const port = /curl http:\/\/127\.0\.0\.1:(\d+)\//.exec(await process.printed("Ctrl-C stops"))?.[1];
  assert.match(process.out, /HTTPRoute demo\/shop, rules\[2\] \("api-preview"\)/);
  assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200);
});

test("demo on a port that is taken says so and which flag to use, and exits 2", async () => {
  const blocker = createServer().listen(0, "127.0.0.1");
  await once(blocker, "listening");
  const address = blocker.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const { code, out, err } = await sluice(["demo", "--port", `${port}`, "--https-port", "0", "--admin", "off"]);
  blocker.close();
  assert.deepEqual([code, out], [2, ""]);
  assert.equal(err, `sluice: Port ${port} is taken by another process. Choose another: --port 9080\n`);
});
