import assert from "node:assert/strict";
import { at } from "../api-object.ts";
import { echoBackend } from "../backends.ts";
import type { Feature, Scene } from "../feature.ts";
import { ask, askUntil, echoOf, hasStatus } from "../gateway-request.ts";

const ingressApi = "networking.k8s.io/v1";

type Path = readonly [path: string, pathType: "Exact" | "Prefix", service: string];

function ingress(name: string, host: string | undefined, paths: readonly Path[], more: object = {}): string {
  return JSON.stringify({
    apiVersion: ingressApi,
    kind: "Ingress",
    metadata: { name },
    spec: {
      ingressClassName: "nginx",
      rules: [
        {
          ...(host === undefined ? {} : { host }),
          http: {
            paths: paths.map(([path, pathType, service]) => ({
              path,
              pathType,
              backend: { service: { name: service, port: { number: 8080 } } },
            })),
          },
        },
      ],
      ...more,
    },
  });
}

/** The address of what serves an Ingress, once its status has it. */
async function addressOf(scene: Scene, name: string): Promise<string> {
  const found = await scene.cluster.waitFor(
    scene.named("Ingress", name, ingressApi),
    (object) => at(object, "status", "loadBalancer", "ingress", 0, "ip") !== undefined,
    { what: "given an address" },
  );
  return String(at(found, "status", "loadBalancer", "ingress", 0, "ip"));
}

/** What the table of the Ingress documentation says of path types: a request, and the Service that answers; `""`: none. */
const pathRules: readonly (readonly [path: string, service: string])[] = [
  ["/exact", "exact"],
  ["/exact/", ""],
  ["/exact/more", ""],
  ["/Exact", ""],
  ["/foo", "foo"],
  ["/foo/", "foo"],
  ["/foo/bar", "foo"],
  ["/foobar", ""],
  ["/FOO", ""],
  ["/aaa/bbb", "long"],
  ["/aaa/bbb/ccc", "long"],
  ["/aaa/bbbb", "short"],
  ["/aaa/ccc", "short"],
  ["/aaaa", ""],
  ["/consecutive/slashes", "foo"],
];

/** What every Ingress controller does (the features of the Ingress conformance tests), in the rig. */
export const ingressFeature: Feature = {
  name: "ingress",
  shape: "in-cluster",
  manifest: [
    ...["exact", "foo", "long", "short", "rest", "more"].map((name) => echoBackend(name)),
    echoBackend("many", { replicas: 3 }),
    JSON.stringify({
      apiVersion: ingressApi,
      kind: "IngressClass",
      metadata: { name: "nginx" },
      spec: { controller: "k8s.io/ingress-nginx" },
    }),
    ingress("paths", "paths.example.test", [
      ["/exact", "Exact", "exact"],
      ["/foo", "Prefix", "foo"],
      ["/aaa", "Prefix", "short"],
      ["/aaa/bbb", "Prefix", "long"],
      ["/consecutive/slashes", "Prefix", "foo"],
    ]),
    ingress("wildcard", "*.wild.example.test", [["/", "Prefix", "more"]]),
    ingress("spread", "spread.example.test", [["/", "Prefix", "many"]]),
    JSON.stringify({
      apiVersion: ingressApi,
      kind: "Ingress",
      metadata: { name: "rest" },
      spec: { ingressClassName: "nginx", defaultBackend: { service: { name: "rest", port: { number: 8080 } } } },
    }),
    JSON.stringify({
      apiVersion: ingressApi,
      kind: "Ingress",
      metadata: { name: "foreign" },
      spec: {
        ingressClassName: "another",
        rules: [
          {
            host: "foreign.example.test",
            http: {
              paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "foo", port: { number: 8080 } } } }],
            },
          },
        ],
      },
    }),
  ].join("\n---\n"),
  tests: {
    "paths are matched by their types": async (scene) => {
      const address = await addressOf(scene, "paths");
      const host = "paths.example.test";
      await askUntil({ address, host, path: "/exact" }, hasStatus(200));
      for (const [path, service] of pathRules) {
        const answer = await ask({ address, host, path });
        if (service === "") assert.equal(answer.status, 404, path);
        else assert.equal(echoOf(answer).service, service, path);
      }
    },

    "a wildcard stands for one label": async (scene) => {
      const address = await addressOf(scene, "wildcard");
      await askUntil({ address, host: "a.wild.example.test" }, hasStatus(200));
      for (const host of ["a.b.wild.example.test", "wild.example.test"]) {
        assert.equal(echoOf(await ask({ address, host })).service, "rest", host);
      }
    },

    "requests are spread over all endpoints": async (scene) => {
      const address = await addressOf(scene, "spread");
      const host = "spread.example.test";
      await askUntil({ address, host }, hasStatus(200));
      // The last of them may be ready a moment later.
      await scene.eventually(async () => {
        const pods = new Set<string>();
        for (let i = 0; i < 30; i++) pods.add(echoOf(await ask({ address, host })).pod);
        assert.equal(pods.size, 3);
      });
    },

    "what no rule covers goes to the default backend": async (scene) => {
      const address = await addressOf(scene, "rest");
      const answer = await askUntil({ address, host: "nobody.example.test", path: "/any" }, hasStatus(200));
      assert.equal(echoOf(answer).service, "rest");
    },

    "an Ingress of another class is left alone": async (scene) => {
      const address = await addressOf(scene, "rest");
      assert.equal(echoOf(await ask({ address, host: "foreign.example.test" })).service, "rest");
      const found = await scene.cluster.find(scene.named("Ingress", "foreign", ingressApi));
      assert.ok(found);
      assert.equal(at(found, "status", "loadBalancer", "ingress"), undefined);
    },
  },
  cleanUp: async (scene) => {
    await scene.cluster.remove([{ apiVersion: ingressApi, kind: "IngressClass", name: "nginx" }]);
  },
};
