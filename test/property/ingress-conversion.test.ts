/**
 * Random Ingresses, served as they are and as what `migrate convert` makes of them: random requests are answered alike. Left out is what
 * HTTPRoutes cannot say: hosts with two labels in place of a wildcard, escaped slashes, which they do not take for slashes, and queries
 * where there are redirects, as those of HTTPRoutes keep them (conversion tells of it).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "../../src/compile/compile.ts";
import { defaultIngressOptions } from "../../src/ingress/ingress-options.ts";
import { readIngresses } from "../../src/ingress/read-ingresses.ts";
import { convertIngresses } from "../../src/migrate/convert/convert-ingresses.ts";
import { objectOf } from "../../src/migrate/convert/manifest.ts";
import { defaultConvertOptions } from "../../src/migrate/convert/options.ts";
import { observePlanes } from "../../src/migrate/observe/observe-planes.ts";
import type { AskedHost } from "../../src/migrate/verify/derive-probes.ts";
import type { DifferenceKindName } from "../../src/migrate/verify/difference-kinds.ts";
import type { Probe } from "../../src/migrate/verify/probe.ts";
import { sideOf } from "../../src/migrate/verify/side.ts";
import { verify } from "../../src/migrate/verify/verify.ts";
import type { Resource } from "../../src/resource/kinds.ts";
import { validateObject } from "../../src/resource/validate-object.ts";
import { createSnapshot } from "../../src/store/create-snapshot.ts";
import { defaultOptions } from "../compile-case.ts";

const sets = 50;
const requestsOfSet = 20;

/** What a client, or a backend, would notice of the choice of a rule. */
const compared: ReadonlySet<DifferenceKindName> = new Set([
  "logged",
  "backend",
  "backend-path",
  "backend-host",
  "location",
]);

const hosts = ["a.example", "b.example", "*.c.example"];
const askedHosts = ["a.example", "b.example", "x.c.example", "c.example", "other.example"];
const paths = ["/", "/a", "/a/", "/a/b", "/A", "/a.b", "/static", "/api/v1"];
const askedPaths = [...paths, "/ab", "/a/b/c", "/A/x", "/aXb", "//a", "/a//b", "/x/../a", "/nothing", "/api/v1/x?y=1"];
const withoutQuery = askedPaths.filter((path) => !path.includes("?"));
const pathTypes = ["Prefix", "Exact", "ImplementationSpecific"];
const annotations: readonly Readonly<Record<string, string>>[] = [
  {},
  {},
  { "proxy-body-size": "8m" },
  { "proxy-read-timeout": "120" },
  { "permanent-redirect": "https://new.example/there" },
  { "permanent-redirect": "https://new.example/", "permanent-redirect-code": "308" },
  { "temporal-redirect": "https://new.example/for-now" },
];

/** Numbers that look random, and are the same for the same seed. */
function createRandom(seed: number): <T>(choices: readonly T[]) => T {
  let state = seed;
  return (choices) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return choices[Math.floor((state / 2 ** 32) * choices.length)]!;
  };
}

type Choose = ReturnType<typeof createRandom>;

function randomIngresses(choose: Choose): readonly Resource<"Ingress">[] {
  return Array.from({ length: choose([1, 2, 3, 4]) }, (_, at) => {
    const chosen = choose(annotations);
    const rule = (): unknown => ({
      host: choose(hosts),
      http: {
        paths: Array.from({ length: choose([1, 2, 3]) }, () => ({
          path: choose(paths),
          pathType: choose(pathTypes),
          backend: { service: { name: choose(["one", "two", "three"]), port: { number: 80 } } },
        })),
      },
    });
    const { resource } = validateObject({
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: {
        name: `app-${at}`,
        namespace: "shop",
        creationTimestamp: new Date(Date.UTC(2026, 0, 1 + at)).toISOString(),
        annotations: Object.fromEntries(
          Object.entries(chosen).map(([name, value]) => [`nginx.ingress.kubernetes.io/${name}`, value]),
        ),
      },
      spec: { ingressClassName: "nginx", rules: Array.from({ length: choose([1, 2]) }, rule) },
    });
    return resource as Resource<"Ingress">;
  });
}

function redirects({ metadata }: Resource<"Ingress">): boolean {
  return Object.keys(metadata.annotations).some((name) => name.endsWith("-redirect"));
}

function randomRequests(choose: Choose, targets: readonly string[]): readonly AskedHost[] {
  const probes = Array.from({ length: requestsOfSet }, (): Probe => {
    const target = choose(targets);
    return {
      shape: "logged",
      scheme: "http",
      host: choose(askedHosts),
      method: choose(["GET", "GET", "POST", "HEAD"]),
      target,
      written: target,
      headers: [],
      client: "198.51.100.77",
      times: 1,
    };
  });
  return [...Map.groupBy(probes, ({ host }) => host)].map(([host, own]) => ({
    hostname: host,
    host,
    probes: () => own,
  }));
}

test(`${sets * requestsOfSet} random requests to random Ingresses are answered as by what they are converted to`, async () => {
  const options = { ...defaultOptions, adoptClasses: true, stubBackends: true };
  const ingress = { ...defaultIngressOptions, classes: ["nginx"] };
  for (let seed = 1; seed <= sets; seed++) {
    const choose = createRandom(seed);
    const ingresses = randomIngresses(choose);
    const snapshot = createSnapshot(ingresses);
    const old = compile(snapshot, { ...options, ingress });
    const { manifests } = convertIngresses(readIngresses(snapshot, ingress), snapshot, defaultConvertOptions);
    const converted = manifests.map((manifest) => validateObject(objectOf(manifest)).resource!);
    const fresh = compile(createSnapshot(converted), options);
    const [before, after] = [sideOf(old.routing, old.secrets), sideOf(fresh.routing, fresh.secrets)];
    const asked = randomRequests(choose, ingresses.some(redirects) ? withoutQuery : askedPaths);
    const { differences } = await verify(before, after, observePlanes(before, after), {
      asked,
      send: "where settings differ",
    });
    const counted = differences.filter(({ kind }) => compared.has(kind));
    assert.deepEqual(
      counted,
      [],
      `seed ${seed}: ${JSON.stringify(ingresses.map(({ metadata, spec }) => ({ annotations: metadata.annotations, spec })))}`,
    );
  }
});
