/** What tests of the compiler's steps need: objects from YAML, a snapshot, a context. */

import { strict as assert } from "node:assert";
import { parseAllDocuments } from "yaml";
import { longFlagsOf } from "../src/cli/flags.ts";
import { type CompileOptions, nothingRetained } from "../src/compile/compile-options.ts";
import type { CompileContext, CompiledRoute, GatewayContext, Route } from "../src/compile/contract.ts";
import { compileRoute } from "../src/compile/route/compile-route.ts";
import type { SecretReader } from "../src/compile/tls/secret-reader.ts";
import type { Finding } from "../src/finding/finding.ts";
import { defaultIngressOptions } from "../src/ingress/ingress-options.ts";
import { defaultListenerSettings } from "../src/ir/listener-settings.ts";
import type { Resource } from "../src/resource/kinds.ts";
import { validateObject } from "../src/resource/validate-object.ts";
import { createSnapshot } from "../src/store/create-snapshot.ts";
import type { Snapshot } from "../src/store/snapshot.ts";

export const defaultOptions: CompileOptions = {
  controllerName: "example.com/gateway",
  adoptClasses: false,
  flags: longFlagsOf("check"),
  retained: nothingRetained,
  nowMs: Date.parse("2026-06-01T00:00:00Z"),
  stubBackends: false,
  selfSigned: false,
  allowExternalName: false,
  ingress: { ...defaultIngressOptions, controllerName: "example.com/gateway" },
  listenerSettings: defaultListenerSettings,
  supportedFeatures: [],
  supportedProtocols: ["HTTP", "HTTPS", "TLS", "TCP", "UDP"],
};

export const gatewayContext: GatewayContext = {
  namespace: "infra",
  name: "edge",
  backendClientCertificate: undefined,
};

/** The objects of a YAML stream; fails the test when one of them is not valid. */
export function resourcesOf(yaml: string): Resource[] {
  return parseAllDocuments(yaml).map((document) => {
    const { resource, findings } = validateObject(document.toJS());
    assert.ok(resource, `invalid object in test: ${findings.map((finding) => finding.message).join(" ")}`);
    return resource;
  });
}

/** Answers from the snapshot: a bundle is whatever has `ca.crt`, a certificate whatever has `tls.crt`; `broken` is neither. */
export function fakeSecrets(snapshot: Snapshot): SecretReader {
  return {
    certificate(namespace, name) {
      const found = snapshot.get("Secret", namespace, name);
      if (found?.data["tls.crt"] === undefined) {
        return { problem: "missing", message: `Secret ${namespace}/${name} does not exist.`, lastGood: undefined };
      }
      return { ref: { key: `${namespace}/${name}`, fingerprint: "f", names: [] }, chain: [] };
    },
    caBundle(kind, namespace, name) {
      const text =
        kind === "ClusterTrustBundle"
          ? snapshot.get(kind, undefined, name)?.spec.trustBundle
          : snapshot.get(kind, namespace, name)?.data["ca.crt"];
      if (text === undefined)
        return { problem: "missing", message: `${kind} ${namespace ?? ""}/${name} does not exist.` };
      if (text === "broken")
        return { problem: "invalid", message: `${kind} ${namespace}/${name} holds no certificate.` };
      return { source: { kind: "bundle", key: `${kind}/${namespace ?? ""}/${name}`, fingerprint: "f" } };
    },
    value(namespace, name, entry) {
      const text = snapshot.get("Secret", namespace, name)?.data[entry];
      if (text === undefined) return { problem: "missing", message: `Secret ${namespace}/${name} has no ${entry}.` };
      return { key: `${namespace}/${name}/${entry}`, bytes: Buffer.from(text, "base64") };
    },
  };
}

export function contextOf(yaml: string, options: Partial<CompileOptions> = {}): CompileContext {
  const snapshot = createSnapshot(resourcesOf(yaml));
  return { snapshot, options: { ...defaultOptions, ...options }, secrets: fakeSecrets(snapshot) };
}

const routeKinds = ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"] as const;

/** Compiles the one route of a YAML stream. */
export function compileCase(
  yaml: string,
  options: Partial<CompileOptions> = {},
  gateway: GatewayContext = gatewayContext,
): CompiledRoute {
  const context = contextOf(yaml, options);
  const routes: Route[] = routeKinds.flatMap((kind): readonly Route[] => context.snapshot.list(kind));
  assert.equal(routes.length, 1, "a case has one route");
  return compileRoute(routes[0] as Route, gateway, context);
}

/** Names and pointers of findings, for comparing. */
export function brief(findings: readonly Finding[]): string[] {
  return findings.map((finding) => `${finding.name} ${finding.pointer}`.trim());
}

/** An HTTPRoute `shop/web` with the given rules, indented by two. */
export function httpRoute(rules: string): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web, namespace: shop }
spec:
  parentRefs: [{ name: edge, namespace: infra }]
  rules:
${rules.replace(/^\n/, "")}`;
}

/** A Service with one port (its targetPort is 8080) and perhaps more fields of the port. */
export function service(name: string, extra = "", namespace = "shop"): string {
  return `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  selector: { app: ${name} }
  ports: [{ name: http, port: 80, targetPort: 8080${extra === "" ? "" : `, ${extra}`} }]`;
}

/** Joins documents. */
export function yaml(...documents: readonly string[]): string {
  return documents.join("\n---\n");
}
