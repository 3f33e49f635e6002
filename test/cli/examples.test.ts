import assert from "node:assert/strict";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import { request as httpsRequest } from "node:https";
import { dirname, join, relative } from "node:path";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { type ReadmeRequest, readCommands } from "./readme-commands.ts";
import { repository, SluiceProcess, sluice } from "./sluice-process.ts";
import { streamExamples } from "./stream-example-folders.ts";

/** Has Ingresses beside what they become: test/migration/convert/tutorial.test.ts. */
const migrationExample = "examples/migration";

const folders = globSync(join(repository, "examples/*/README.md"))
  .map((file) => relative(repository, dirname(file)))
  .filter((folder) => !streamExamples.includes(folder) && folder !== migrationExample);

/** Of `run` alone. */
const servingFlags = ["--map-port", "--forward-client-cert"];

/** Local ports in the order in which the READMEs map them. */
type Ports = ReadonlyMap<number, number>;

for (const folder of folders) {
  describe(folder, () => {
    const readme = readFileSync(join(repository, folder, "README.md"), "utf8");
    const { run, requests } = readCommands(readme);
    const mapped = run.flatMap((word, index) => (word === "--map-port" ? [run[index + 1] ?? ""] : []));

    test("sluice check finds nothing wrong with the manifests", async () => {
      const flags = run.filter((word) => word.startsWith("--") && !servingFlags.includes(word));
      const { code, out } = await sluice(["check", folder, "--strict", ...flags]);
      assert.equal(code, 0, out);
      assert.match(out, /^(no findings|\d+ info)/);
    });

    test("every curl line of the README is answered as it says", async () => {
      const ephemeral = run.map((word) => (mapped.includes(word) ? word.replace(/:\d+$/, ":0") : word));
      await using process = await SluiceProcess.start(["run", ...ephemeral]);
      const { admin } = await process.ready();
      const ports = new Map([[9900, Number(admin.split(":").at(-1))]]);
      for (const mapping of mapped) {
        const [listener, local] = mapping.split(":").map(Number);
        ports.set(local ?? 0, await process.localPort(listener ?? 0));
      }
      assert.ok(requests.length > 0);
      for (const request of requests) await checkRequest(request, ports);
    });
  });
}

async function checkRequest(request: ReadmeRequest, ports: Ports): Promise<void> {
  const { expected, line, times } = request;
  if (expected.refused) {
    await assert.rejects(ask(request, ports), line);
    return;
  }
  const counts: Record<string, number> = {};
  for (let round = 0; round < times; round += 1) {
    const { status, headers, body } = await ask(request, ports);
    const isPlain = headers["content-encoding"] === undefined;
    const echoed = isPlain && headers["content-type"] === "application/json" ? JSON.parse(body) : undefined;
    if (echoed) counts[echoed.service] = (counts[echoed.service] ?? 0) + 1;
    if (expected.status !== undefined) assert.equal(status, expected.status, `${line}\n${body}`);
    if (expected.service !== undefined) assert.equal(echoed?.service, expected.service, line);
    if (expected.path !== undefined) assert.equal(echoed?.request.path, expected.path, line);
    if (expected.bodyHas !== undefined) assert.ok(body.includes(expected.bodyHas), line);
    for (const [name, value] of Object.entries(expected.headers))
      assert.equal(headers[name], withPorts(value, ports), line);
    for (const name of expected.unseen) assert.equal(echoed?.request.headers[name], undefined, line);
    for (const [name, value] of Object.entries(expected.seen)) assert.equal(echoed?.request.headers[name], value, line);
  }
  if (Object.keys(expected.shares).length > 0) assert.deepEqual(counts, expected.shares, line);
}

async function ask(request: ReadmeRequest, ports: Ports) {
  const { url, method, headers } = request;
  const port = ports.get(Number(url.port));
  assert.ok(port, `nothing listens for ${url}`);
  if (request.http === 2) return await askHttp2(request, port);
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const sent = send({
    host: "127.0.0.1",
    port,
    method,
    path: url.pathname + url.search,
    headers: { host: withPorts(url.host, ports), ...headers },
    servername: url.hostname,
    rejectUnauthorized: false,
    ...(request.client && {
      cert: readFileSync(join(repository, request.client.cert)),
      key: readFileSync(join(repository, request.client.key)),
    }),
    agent: false,
  });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** Trailers count as headers, as curl shows them. */
async function askHttp2({ url, method, headers }: ReadmeRequest, port: number) {
  const { host = url.host, ...fields } = headers;
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const path = url.pathname + url.search;
  const stream = session.request({ ":method": method, ":path": path, ":authority": host, ...fields });
  stream.end();
  const seen: IncomingHttpHeaders = {};
  stream.on("response", (head) => Object.assign(seen, head));
  stream.on("trailers", (trailers) => Object.assign(seen, trailers));
  const body = await text(stream);
  session.close();
  return { status: Number(seen[":status"]), headers: seen, body };
}

/** The READMEs' ports replaced by those that were bound. */
function withPorts(words: string, ports: Ports): string {
  return words.replace(/:(\d+)(?=\/|$)/g, (whole, port: string) => {
    const bound = ports.get(Number(port));
    return bound === undefined ? whole : `:${bound}`;
  });
}
