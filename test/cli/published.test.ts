import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import type { ConfigAnswer } from "../../src/admin/api.ts";
import type { Finding } from "../../src/finding/finding.ts";
import type { HttpEntry, HttpRule } from "../../src/ir/routing-model.ts";
import { SluiceProcess, sluice } from "./sluice-process.ts";

/** Manifests with the faults that published ones have, and every finding that they are to get: `severity name Kind namespace/name:line`. */
const published: Readonly<Record<string, readonly string[]>> = {
  "edge-without-certificate": [
    "info gateway-class-adopted Gateway platform/edge:8",
    "error certificate-none Gateway platform/edge:10",
    "warning namespace-label-assumed Gateway platform/edge:16",
  ],
  "tour-of-features": [
    "info version-old TCPRoute default/queue:74",
    "info gateway-class-adopted GatewayClass mesh:8",
    "error certificate-missing Gateway default/live:22",
    "error parent-missing HTTPRoute apps/elsewhere:71",
    "error parent-missing TCPRoute default/queue:80",
  ],
  "old-policy-and-middleware": [
    "error version-retired BackendTLSPolicy apps/members-tls:105",
    "info gateway-class-adopted GatewayClass router:7",
    "error certificate-missing Gateway platform/main:32",
    "error extension-filter-unknown HTTPRoute apps/members:53",
  ],
  "three-owners": [
    "info version-old TLSRoute base/database:83",
    "info gateway-class-adopted Gateway base/main:8",
    "error certificate-missing Gateway base/main:18",
    "warning namespace-label-assumed Gateway base/main:22",
  ],
  "legacy-ingress": ["info kind-ignored Issuer :21", "info ingress-not-served Ingress default/portal:2"],
};

for (const [name, findings] of Object.entries(published)) {
  const file = `test/fixtures/published/${name}.yaml`;

  describe(name, () => {
    test("sluice check --adopt-classes names every fault and nothing else", async () => {
      const { code, out } = await sluice(["check", file, "--adopt-classes", "-o", "json"]);
      assert.deepEqual(JSON.parse(out).findings.map(describeFinding), findings);
      assert.equal(code, findings.some((line) => line.startsWith("error")) ? 1 : 0);
    });

    test("sluice run with stand-ins serves every rule of its HTTPRoutes", async () => {
      const flags = ["--adopt-classes", "--stub-backends", "--self-signed"];
      const ports = ["80", "443", "5432"].flatMap((port) => ["--map-port", `${port}:0`]);
      await using process = await SluiceProcess.start(["run", file, ...flags, ...ports]);
      const { admin, listeners } = await process.ready();
      const config = (await (await fetch(`http://${admin}/config`)).json()) as ConfigAnswer;
      for (const gateway of config.routing.gateways) {
        for (const listener of gateway.listeners) {
          if (!("virtualHosts" in listener)) continue;
          const bound = listeners.find((row) => row.gateway === gateway.key && row.listener === listener.name);
          assert.ok(bound, `${listener.key} is not in force`);
          for (const { hostname, entries } of listener.virtualHosts) {
            for (const entry of entries) {
              const rule = gateway.httpRules[entry.rule];
              if (rule?.routeKind !== "HTTPRoute") continue;
              const host = hostname === "*" ? "any.example.net" : hostname;
              const answer = await ask({ protocol: listener.protocol, port: bound.localPort, host, entry });
              assert.deepEqual(answer, expectedAnswer(rule, answer), `${listener.key} ${host} ${entry.rule}`);
            }
          }
        }
      }
    });
  });
}

function describeFinding({ severity, name, object, position }: Finding): string {
  return `${severity} ${name} ${object.kind} ${object.namespace ? `${object.namespace}/` : ""}${object.name}:${position?.line}`;
}

type Answer = { readonly status: number; readonly service: string };
type Question = { readonly protocol: string; readonly port: number; readonly host: string; readonly entry: HttpEntry };

/** Asks what the entry matches. */
async function ask({ protocol, port, host, entry }: Question): Promise<Answer> {
  const { path, method, headers } = entry.match;
  const send = protocol === "HTTPS" ? httpsRequest : httpRequest;
  const sent = send({
    host: "127.0.0.1",
    port,
    path: path.value,
    method: method ?? "GET",
    headers: { host, ...Object.fromEntries(headers.map(({ name, value }) => [name, value])) },
    servername: host,
    rejectUnauthorized: false,
    agent: false,
  });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const body = await text(response);
  return { status: response.statusCode ?? 0, service: body.startsWith("{") ? JSON.parse(body).service : "" };
}

/** What the rule promises; of several backends the one that answered is right. */
function expectedAnswer(rule: HttpRule, { service }: Answer): Answer {
  for (const { filter } of rule.filters) {
    if (filter.kind === "requestRedirect" || filter.kind === "directResponse")
      return { status: filter.status, service: "" };
  }
  const names = rule.backends.flatMap(({ target }) =>
    target.kind === "cluster" ? [target.cluster.replace(/^[^/]*\//, "").replace(/[:#].*$/, "")] : [],
  );
  return { status: 200, service: names.includes(service) ? service : `one of ${names.join(", ")}` };
}
