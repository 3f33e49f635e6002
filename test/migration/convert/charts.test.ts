/**
 * 100 Ingresses as public charts have them: annotations in the combinations that their use suggests, and the Ingresses of published
 * articles. Converted, they go where they went, and each annotation is converted or named.
 */
import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compile } from "../../../src/compile/compile.ts";
import { defaultIngressOptions } from "../../../src/ingress/ingress-options.ts";
import { readIngresses } from "../../../src/ingress/read-ingresses.ts";
import { convertIngresses } from "../../../src/migrate/convert/convert-ingresses.ts";
import { objectOf } from "../../../src/migrate/convert/manifest.ts";
import { defaultConvertOptions } from "../../../src/migrate/convert/options.ts";
import { observePlanes } from "../../../src/migrate/observe/observe-planes.ts";
import { deriveRequests } from "../../../src/migrate/verify/derive-probes.ts";
import type { DifferenceKindName } from "../../../src/migrate/verify/difference-kinds.ts";
import { sideOf } from "../../../src/migrate/verify/side.ts";
import { verify } from "../../../src/migrate/verify/verify.ts";
import type { Resource } from "../../../src/resource/kinds.ts";
import { validateObject } from "../../../src/resource/validate-object.ts";
import { createSnapshot } from "../../../src/store/create-snapshot.ts";
import { repository, sluice } from "../../cli/sluice-process.ts";
import { defaultOptions } from "../../compile-case.ts";

/** What an application asks for, and of how many in a hundred. */
const habits: readonly (readonly [share: number, annotations: Readonly<Record<string, string>>])[] = [
  [55, { "proxy-body-size": "50m" }],
  [25, { "proxy-read-timeout": "600", "proxy-send-timeout": "600" }],
  [20, { "ssl-redirect": "true" }],
  [15, { "force-ssl-redirect": "true" }],
  [15, { "backend-protocol": "HTTP" }],
  [12, { affinity: "cookie", "session-cookie-name": "route", "session-cookie-max-age": "172800" }],
  [10, { "proxy-buffer-size": "16k", "proxy-buffering": "off" }],
  [10, { "enable-cors": "true", "cors-allow-origin": "https://app.example" }],
  [8, { "proxy-connect-timeout": "10" }],
  [8, { "proxy-request-buffering": "off" }],
  [5, { "limit-rps": "100" }],
  [5, { "service-upstream": "true" }],
  [4, { "permanent-redirect": "https://new.example/" }],
];

/** Numbers that look random, and are the same in every run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function charts(): readonly Resource<"Ingress">[] {
  const random = createRandom(12);
  return Array.from({ length: 100 }, (_, at) => {
    const chosen = habits.filter(([share]) => random() * 100 < share).map(([, annotations]) => annotations);
    const host = `app-${at}.example`;
    const paths = ["/", "/api", "/static"].slice(0, 1 + Math.floor(random() * 3));
    const { resource } = validateObject({
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: {
        name: `app-${at}`,
        namespace: `team-${at % 10}`,
        annotations: Object.fromEntries(
          Object.entries(Object.assign({}, ...chosen) as Record<string, string>).map(([name, value]) => [
            `nginx.ingress.kubernetes.io/${name}`,
            value,
          ]),
        ),
      },
      spec: {
        ingressClassName: "nginx",
        rules: [
          {
            host,
            http: {
              paths: paths.map((path) => ({
                path,
                pathType: random() < 0.2 ? "ImplementationSpecific" : "Prefix",
                backend: {
                  service: { name: `app${path.replaceAll("/", "-")}`.replace(/-$/, ""), port: { number: 80 } },
                },
              })),
            },
          },
        ],
      },
    });
    return resource as Resource<"Ingress">;
  });
}

const ingress = { ...defaultIngressOptions, classes: ["nginx"] };

/** What a client or a backend would notice of the choice of a rule and of its target. */
const compared: ReadonlySet<DifferenceKindName> = new Set(["backend", "backend-path", "backend-host", "client"]);

test("100 Ingresses of charts are answered as by what they are converted to", async () => {
  const ingresses = charts();
  const snapshot = createSnapshot(ingresses);
  const { manifests, findings } = convertIngresses(readIngresses(snapshot, ingress), snapshot, defaultConvertOptions);
  assert.deepEqual(
    findings.filter(({ severity }) => severity === "error"),
    [],
  );
  const converted = manifests.map((manifest) => validateObject(objectOf(manifest)).resource!);
  const options = { ...defaultOptions, adoptClasses: true, stubBackends: true };
  const [old, fresh] = [compile(snapshot, { ...options, ingress }), compile(createSnapshot(converted), options)];
  const [before, after] = [sideOf(old.routing, old.secrets), sideOf(fresh.routing, fresh.secrets)];
  const asked = deriveRequests([before, after]);
  const { differences, requests } = await verify(before, after, observePlanes(before, after), {
    asked,
    send: "where settings differ",
  });
  assert.ok(requests > 1000, String(requests));
  // Routes do not take an escaped slash for one: the difference converted-paths.
  const noticed = differences.filter(({ kind, example }) => compared.has(kind) && !example.curl.includes("%2F"));
  assert.deepEqual(noticed, []);
});

test("Ingresses of published articles are converted, and what is foreign or means nothing in them is named", async () => {
  const seeds = globSync("test/migration/convert/seeds/*.yaml", { cwd: repository }).sort();
  const found = [];
  for (const seed of seeds) {
    const { code, out, err } = await sluice(["migrate", "convert", join(repository, seed), "-v"]);
    assert.equal(code, 0, err);
    assert.match(out, /kind: HTTPRoute/);
    found.push([...new Set(err.match(/SL91\d\d/g))].sort());
  }
  assert.deepEqual(found, [
    ["SL9112", "SL9113"],
    ["SL9103", "SL9112"],
  ]);
});
