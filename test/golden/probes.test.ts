import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { normalizePathText } from "../../src/cli/normalize-path.ts";
import type { CompileResult } from "../../src/compile/contract.ts";
import type { EndpointTable } from "../../src/ir/endpoint-table.ts";
import { select } from "../../src/ir/select.ts";
import { StubBackends } from "../../src/stand-in/stub-backends.ts";
import { GrpcClient } from "../plane/grpc-call.ts";
import { type PlaneFixture, startPlane } from "../plane/plane-fixture.ts";
import { exchange, type RawResponse } from "../plane/raw-client.ts";
import { compileCase, type GoldenCase, goldenCases, type Probe } from "./golden-case.ts";

/** Everything that has endpoints is answered by a stand-in; what has none keeps none. */
async function standIns(stubs: StubBackends, { routing, endpoints }: CompileResult): Promise<EndpointTable> {
  const filled = await stubs.fill(routing, {});
  return Object.fromEntries(
    Object.entries(filled).map(([key, stub]) => [key, (endpoints[key]?.length ?? 0) === 0 ? [] : stub]),
  );
}

const urlOf = ({ request }: Probe): URL => new URL(request.url);
const methodOf = ({ request }: Probe): string => request.method ?? (request.protocol === "grpc" ? "POST" : "GET");
const portOf = (probe: Probe): number => Number(urlOf(probe).port || "80");
const pathOf = (probe: Probe): string => probe.path ?? urlOf(probe).pathname;

/** `namespace/name/rule` of the rule that the reference matcher chooses; `""` for none. */
function selected({ routing }: CompileResult, probe: Probe): string {
  const url = urlOf(probe);
  const path = normalizePathText(pathOf(probe));
  assert.ok("path" in path, "the probe's path is refused");
  const selection = select(routing, {
    port: portOf(probe),
    scheme: "http",
    host: url.hostname,
    method: methodOf(probe),
    ...path,
    query: url.search.slice(1),
    headers: Object.fromEntries(
      Object.entries(probe.request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
    ),
  });
  if (selection.kind === "none") return "";
  return `${selection.rule.namespace}/${selection.rule.name}/${selection.rule.ruleIndex}`;
}

/** What metrics and logs call a rule: its name, else its index. */
function ruleLabel({ routing }: CompileResult, route: string): string {
  const rules = routing.gateways.flatMap((gateway) => Object.values(gateway.httpRules));
  const rule = rules.find((one) => `${one.namespace}/${one.name}/${one.ruleIndex}` === route);
  return `${rule?.namespace}/${rule?.name}/${rule?.ruleName || rule?.ruleIndex}`;
}

/** The URL's host and port as written: the URL class would drop the default port and the case. */
const hostHeader = ({ request }: Probe): string => /^\w+:\/\/([^/]*)/.exec(request.url)?.[1] ?? "";

function send(fixture: PlaneFixture, probe: Probe): Promise<RawResponse> {
  const port = fixture.plane.boundPort(portOf(probe));
  assert.ok(port, `nothing listens for port ${portOf(probe)}`);
  if (probe.request.protocol === "grpc") return call(port, probe);
  const method = methodOf(probe);
  const lines = Object.entries(probe.request.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
  const target = `${pathOf(probe)}${urlOf(probe).search}`;
  return exchange(port, `${method} ${target} HTTP/1.1\r\nHost: ${hostHeader(probe)}\r\n${lines.join("")}\r\n`, method);
}

/** Trailers count as headers. */
async function call(port: number, probe: Probe): Promise<RawResponse> {
  await using client = await GrpcClient.connect(port);
  const fields = { ":authority": hostHeader(probe), ...probe.request.headers };
  const { headers, trailers } = await client.call(pathOf(probe), fields);
  const all = Object.entries({ ...headers, ...trailers }).map(([name, value]) => [name, String(value)] as const);
  return { status: Number(headers[":status"]), headers: new Map(all), head: "", body: "", trailers: "" };
}

function assertHeaders(
  actual: (name: string) => string | undefined,
  expected: Readonly<Record<string, string | null>>,
) {
  for (const [name, value] of Object.entries(expected)) assert.equal(actual(name) ?? null, value, `header ${name}`);
}

/** A redirect names the port that was bound; the probe the listener's, without the scheme's own. */
function withListenerPort(
  location: string | undefined,
  plane: PlaneFixture["plane"],
  port: number,
): string | undefined {
  return location?.replace(`:${plane.boundPort(port)}`, port === 80 ? "" : `:${port}`);
}

/** Compares an answer with what the probe expects. */
function assertAnswer(response: RawResponse, probe: Probe, plane: PlaneFixture["plane"]): void {
  const { expect } = probe;
  const status = expect.status ?? 200;
  assert.equal(response.status, status, response.body);
  assertHeaders((name) => {
    const value = response.headers.get(name);
    return name === "location" ? withListenerPort(value, plane, portOf(probe)) : value;
  }, expect.headers ?? {});
  if (expect.grpcStatus !== undefined) assert.equal(response.headers.get("grpc-status"), `${expect.grpcStatus}`);
  if (probe.request.protocol === "grpc") {
    if (expect.service === undefined) return;
    assert.equal(response.headers.get("x-stub-service")?.replace(/:\d+$/, ""), expect.service);
    return;
  }
  if (expect.service === undefined && expect.upstream === undefined) return;
  const echo = JSON.parse(response.body);
  if (expect.service !== undefined) assert.equal(`${echo.namespace}/${echo.service}`, expect.service);
  const { path, host, headers } = expect.upstream ?? {};
  if (path !== undefined) assert.equal(echo.request.path, path);
  if (host !== undefined) assert.equal(echo.request.host, host);
  assertHeaders((name) => echo.request.headers[name], headers ?? {});
}

function describeCase(golden: GoldenCase): void {
  describe(`probes of ${golden.name}`, () => {
    let compiled: CompileResult;
    let fixture: PlaneFixture;
    const stubs = new StubBackends();

    before(async () => {
      compiled = await compileCase(golden);
      fixture = await startPlane({ generation: 1, ...compiled, endpoints: await standIns(stubs, compiled) });
    });
    after(async () => {
      await fixture[Symbol.asyncDispose]();
      await stubs[Symbol.asyncDispose]();
    });

    for (const probe of golden.probes) {
      const { route } = probe.expect;
      if (route !== undefined || probe.expect.status === 404) {
        test(`${probe.name}: select()`, () => assert.equal(selected(compiled, probe), route ?? ""));
      }
      test(`${probe.name}: embedded plane`, async () => {
        const seen = fixture.records.length;
        assertAnswer(await send(fixture, probe), probe, fixture.plane);
        const { labels } = fixture.records.at(seen) ?? assert.fail("no access record");
        if (route === undefined) return;
        assert.equal(`${labels.route_namespace}/${labels.route_name}/${labels.rule}`, ruleLabel(compiled, route));
      });
    }
  });
}

for (const golden of goldenCases) if (golden.probes.length > 0) describeCase(golden);
