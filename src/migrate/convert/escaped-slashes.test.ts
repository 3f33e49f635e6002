import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resourcesOf, yaml } from "../../../test/compile-case.ts";
import { defaultIngressOptions } from "../../ingress/ingress-options.ts";
import { readIngresses } from "../../ingress/read-ingresses.ts";
import type { JsonObject } from "../../resource/json.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import { assumeSecrets } from "./assumed-objects.ts";
import { convertIngresses } from "./convert-ingresses.ts";
import { objectOf } from "./manifest.ts";
import { type ConvertOptions, defaultConvertOptions } from "./options.ts";

type Path = {
  readonly path: string;
  readonly pathType?: string;
  readonly host?: string;
  readonly tls?: string;
  readonly annotations?: Readonly<Record<string, string>>;
};

const lists = { "allowlist-source-range": "10.0.0.0/8" };

/** Lets Ingresses have snippets. */
const configMap = `apiVersion: v1
kind: ConfigMap
metadata: { name: ingress-nginx-controller, namespace: ingress-nginx }
data: { allow-snippet-annotations: "true", annotations-risk-level: Critical }`;

/** One Ingress for each path; who gets the refusal, by listener, and what is told. */
function convert(paths: readonly Path[], options: Partial<ConvertOptions> = {}) {
  const documents = paths.map(({ path, pathType = "Prefix", host = "shop.test", tls, annotations = {} }, at) => {
    const written = Object.entries(annotations).map(([name, value]) => [`nginx.ingress.kubernetes.io/${name}`, value]);
    return JSON.stringify({
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: `i${at}`, namespace: "shop", annotations: Object.fromEntries(written) },
      spec: {
        ingressClassName: "nginx",
        ...(tls === undefined ? {} : { tls: [{ hosts: [host], secretName: tls }] }),
        rules: [
          {
            ...(host === "" ? {} : { host }),
            http: { paths: [{ path, pathType, backend: { service: { name: "web", port: { number: 80 } } } }] },
          },
        ],
      },
    });
  });
  const snapshot = assumeSecrets(createSnapshot(resourcesOf(yaml(configMap, ...documents))));
  const model = readIngresses(snapshot, { ...defaultIngressOptions, classes: ["nginx"], withoutClass: true });
  const { manifests, findings } = convertIngresses(model, snapshot, { ...defaultConvertOptions, ...options });
  const objects = manifests.map(objectOf);
  const refusing = objects.flatMap(({ kind, spec }) => {
    const { path, targetRefs } = spec as { path?: JsonObject; targetRefs?: readonly JsonObject[] };
    return kind === "ClientTrafficPolicy" && path?.["escapedSlashesAction"] === "RejectRequest"
      ? (targetRefs ?? []).map(({ sectionName }) => sectionName)
      : [];
  });
  const told = findings.filter(({ name }) => name === "convert-escaped-slash" || name === "convert-needs-policies");
  return { objects, refusing: refusing.sort(), told };
}

describe("escaped slashes of converted hosts", () => {
  it("are refused on the listeners of a host of which they would open a path, and on no others", () => {
    const admin: Path = { path: "/admin", tls: "t", annotations: { ...lists, "ssl-redirect": "false" } };
    const { refusing, told, objects } = convert([
      admin,
      { path: "/", annotations: { "ssl-redirect": "false" } },
      { path: "/", host: "other.test", tls: "t" },
    ]);
    assert.deepEqual(refusing, ["http-shop-test", "https-shop-test"]);
    assert.deepEqual(
      told.map(({ code, object, pointer }) => [code, object?.name, pointer]),
      [["SL9114", "i0", "/spec/rules/0/http/paths/0"]],
    );
    assert.match(told[0]?.message ?? "", /such as \/admin%2F, would go to \/, without the same address lists\. /);
    const redirect = objects.find(({ metadata }) => (metadata as JsonObject)["name"] === "i2-https-redirect");
    assert.deepEqual((redirect?.["spec"] as JsonObject | undefined)?.["parentRefs"], [
      { name: "shared-gateway", namespace: "platform", sectionName: "http" },
    ]);
  });

  it("are refused with TLS alone where http only sends clients there", () => {
    const { refusing } = convert([{ path: "/admin", tls: "t", annotations: lists }, { path: "/" }]);
    assert.deepEqual(refusing, ["https-shop-test"]);
  });

  it("are refused on a listener of the host's own where it has the certificate of all", () => {
    const defaultCertificate = { namespace: "platform", name: "any" };
    const paths = [{ path: "/admin", annotations: lists }, { path: "/" }];
    assert.deepEqual(convert(paths, { defaultCertificate }).refusing, ["http-shop-test", "https-shop-test"]);
  });

  it("are refused on the listeners of all where the host has no name or a wildcard, or the policies are Envoy Gateway's", () => {
    const paths = (host: string) => [
      { path: "/admin", host, annotations: lists },
      { path: "/", host },
    ];
    const defaultCertificate = { namespace: "platform", name: "any" };
    assert.deepEqual(convert(paths(""), { defaultCertificate }).refusing, ["http", "https"]);
    assert.deepEqual(convert(paths("*.shop.test")).refusing, ["http"]);
    assert.deepEqual(convert(paths("shop.test"), { policies: "envoy-gateway" }).refusing, ["http"]);
  });

  it("are refused wherever the host is served: its routes are not on the listener of a wildcard", () => {
    const both = { "ssl-redirect": "false" };
    const { objects } = convert([
      { path: "/admin", annotations: { ...lists, ...both } },
      { path: "/", annotations: both },
      { path: "/", host: "*.test", tls: "t" },
    ]);
    const parents = objects.flatMap(({ metadata, spec }) =>
      ["i0-route", "i1-route"].includes(String((metadata as JsonObject)["name"]))
        ? ((spec as JsonObject)["parentRefs"] as readonly JsonObject[] | undefined)
        : undefined,
    );
    assert.deepEqual(
      parents.flatMap((parent) => parent?.["sectionName"] ?? []),
      ["http-shop-test", "https-shop-test", "http-shop-test", "https-shop-test"],
    );
  });

  it("are an error where there are to be no policies", () => {
    const { refusing, told } = convert([{ path: "/admin", annotations: lists }, { path: "/" }], { policies: "none" });
    assert.deepEqual(refusing, []);
    const [own] = told.filter(({ message }) => message.includes("%2F"));
    assert.deepEqual([own?.code, own?.severity, own?.object?.name], ["SL9102", "error", "i0"]);
  });

  const regex = { "use-regex": "true" };
  const cases: readonly (readonly [title: string, paths: readonly Path[], refused: boolean])[] = [
    ["a path below an open one", [{ path: "/a" }, { path: "/a/b", annotations: lists }], true],
    ["an exact path with a slash", [{ path: "/" }, { path: "/a/b", pathType: "Exact", annotations: lists }], true],
    [
      "another protection",
      [
        { path: "/", annotations: { "limit-rps": "1" } },
        { path: "/a", annotations: lists },
      ],
      true,
    ],
    [
      "an expression",
      [
        { path: "/", annotations: regex },
        { path: "/a/.*", annotations: { ...lists, ...regex } },
      ],
      true,
    ],
    ["a snippet", [{ path: "/" }, { path: "/a", annotations: { "configuration-snippet": "deny all;" } }], true],
    ["an exact path without a slash", [{ path: "/" }, { path: "/a", pathType: "Exact", annotations: lists }], false],
    ["an open path below the protected one", [{ path: "/", annotations: lists }, { path: "/a" }], false],
    ["paths beside each other", [{ path: "/b" }, { path: "/a", annotations: lists }], false],
    [
      "expressions beside each other",
      [
        { path: "/b/.*", annotations: regex },
        { path: "/a/.*", annotations: lists },
      ],
      false,
    ],
    [
      "the same protection",
      [
        { path: "/", annotations: lists },
        { path: "/a", annotations: lists },
      ],
      false,
    ],
    ["no protection", [{ path: "/" }, { path: "/a" }], false],
  ];
  for (const [title, paths, refused] of cases)
    it(`${refused ? "are refused" : "stay as they are"}: ${title}`, () => {
      assert.equal(convert(paths).refusing.length > 0, refused);
    });
});
