import assert from "node:assert/strict";
import { test } from "node:test";
import type { Resource } from "../../resource/kinds.ts";
import { validateObject } from "../../resource/validate-object.ts";
import { controllerSettings } from "./controller-settings.ts";

const configMap = (name: string, data: Readonly<Record<string, string>>, namespace = "edge") =>
  validateObject({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data })
    .resource as Resource<"ConfigMap">;

const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "controller", namespace: "edge" },
  spec: {
    template: {
      spec: {
        containers: [
          {
            image: "registry.k8s.io/ingress-nginx/controller:v1.15.1",
            args: [
              "/nginx-ingress-controller",
              "--configmap=$(POD_NAMESPACE)/settings",
              "--tcp-services-configmap=edge/ports",
              "--enable-ssl-passthrough",
              "--v=2",
            ],
          },
        ],
      },
    },
  },
};

test("controllerSettings() reads the ConfigMaps that the controller's arguments name, and the arguments that clients notice", () => {
  const { settings, streams } = controllerSettings(
    [deployment],
    [
      configMap("settings", {
        "use-gzip": "true",
        "worker-processes": "4",
        "http-snippet": "x",
        "proxy-body-size": "8m",
      }),
      configMap("ports", { "5432": "data/postgres:5432", note: "x" }),
      configMap("other", { key: "value" }),
    ],
  );
  assert.deepEqual(
    settings.map(({ source, key, outcome }) => [source, key, outcome]),
    [
      ["ConfigMap edge/settings", "http-snippet", "byHand"],
      ["ConfigMap edge/settings", "proxy-body-size", "converted"],
      ["ConfigMap edge/settings", "use-gzip", "converted"],
      ["ConfigMap edge/settings", "worker-processes", "noEffect"],
      ["Deployment edge/controller", "--tcp-services-configmap", "converted"],
      ["Deployment edge/controller", "--enable-ssl-passthrough", "converted"],
    ],
  );
  assert.deepEqual(streams, [
    { protocol: "TCP", port: 5432, backend: "data/postgres:5432", source: "ConfigMap edge/ports" },
  ]);
});

test("controllerSettings() knows the usual names where there is no workload", () => {
  const { settings, streams } = controllerSettings(
    [],
    [configMap("ingress-nginx-controller", { hsts: "false" }), configMap("udp-services", { "53": "dns/dns:53" })],
  );
  assert.deepEqual(
    settings.map(({ key }) => key),
    ["hsts"],
  );
  assert.deepEqual(
    streams.map(({ protocol, port }) => [protocol, port]),
    [["UDP", 53]],
  );
});
