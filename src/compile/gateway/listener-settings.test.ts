import assert from "node:assert/strict";
import { it } from "node:test";
import { compileYaml, gateway, ourClass } from "../../../test/compile-status.ts";
import { defaultListenerSettings } from "../../ir/listener-settings.ts";

const http = "{ name: web, port: 80, protocol: HTTP }";

const config = (name: string, spec: string) => `apiVersion: gateway.sluice.dev/v1alpha1
kind: GatewayConfig
metadata: { name: ${name}, namespace: infra }
spec: ${spec}`;

const classWithConfig = `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: ours }
spec:
  controllerName: example.com/gateway
  parametersRef: { group: gateway.sluice.dev, kind: GatewayConfig, name: base, namespace: infra }`;

const mine = "infrastructure: { parametersRef: { group: gateway.sluice.dev, kind: GatewayConfig, name: mine } }";

function settingsOf(...documents: readonly string[]) {
  const { routing } = compileYaml(documents).result;
  return routing.gateways[0]?.listeners.map(({ settings }) => settings);
}

it("a listener has the settings of the options where no object says otherwise", () => {
  assert.deepEqual(settingsOf(ourClass, gateway(http)), [defaultListenerSettings]);
});

it("a listener has what the GatewayConfigs of its Gateway and class say, the Gateway's own first", () => {
  const settings = settingsOf(
    classWithConfig,
    config("base", "{ trustedHops: 1, trustedHeader: Forwarded, forwardClientCertificate: Sanitize }"),
    config("mine", "{ trustedHops: 2 }"),
    gateway(http, mine),
  );
  const trust = { trustedHops: 2, source: "forwarded" };
  assert.deepEqual(settings, [{ ...defaultListenerSettings, trust, forwardClientCertificate: "sanitize" }]);
});

it("a listener on a shared data plane has what the GatewayConfig of the class says", () => {
  const settings = settingsOf(
    classWithConfig,
    config("base", "{ trustedHops: 1, dataPlane: { mode: Shared, name: common } }"),
    config("mine", "{ trustedHops: 2 }"),
    gateway(http, mine),
  );
  assert.equal(settings?.[0]?.trust.trustedHops, 1);
});
