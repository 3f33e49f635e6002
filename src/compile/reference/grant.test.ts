import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { contextOf } from "../../../test/compile-case.ts";
import { explainGrant, isReferenceGranted } from "./grant.ts";

const group = "gateway.networking.k8s.io";
const from = { group, kind: "HTTPRoute", namespace: "shop" };
const to = { group: "", kind: "Service", namespace: "db", name: "orders" };

function grant(spec: string, namespace = "db"): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: allow, namespace: ${namespace} }
spec: ${spec}`;
}
const fromShop = `{ group: ${group}, kind: HTTPRoute, namespace: shop }`;
const service = "{ group: '', kind: Service }";

describe("explainGrant", () => {
  for (const [title, text, answer, detail] of [
    ["permits what is listed", grant(`{ from: [${fromShop}], to: [${service}] }`), "granted", undefined],
    [
      "permits the one name",
      grant(`{ from: [${fromShop}], to: [{ group: '', kind: Service, name: orders }] }`),
      "granted",
      undefined,
    ],
    [
      "tells another name",
      grant(`{ from: [${fromShop}], to: [{ group: '', kind: Service, name: items }] }`),
      "tooNarrow",
      /permits Service "items" and not "orders"/,
    ],
    [
      "tells another kind at the target",
      grant(`{ from: [${fromShop}], to: [{ group: '', kind: Secret }] }`),
      "tooNarrow",
      /lists Secret and not Service/,
    ],
    [
      "tells another namespace",
      grant(`{ from: [{ group: ${group}, kind: HTTPRoute, namespace: web }], to: [${service}] }`),
      "tooNarrow",
      /permits namespace "web" and not "shop"/,
    ],
    [
      "tells another kind of referrer",
      grant(`{ from: [{ group: ${group}, kind: Gateway, namespace: shop }], to: [${service}] }`),
      "tooNarrow",
      /lists Gateway and not HTTPRoute/,
    ],
    [
      "tells a wrong group",
      grant(`{ from: [{ group: networking.k8s.io, kind: HTTPRoute, namespace: shop }], to: [${service}] }`),
      "tooNarrow",
      /group "networking.k8s.io" for HTTPRoute/,
    ],
    [
      "tells a grant in the wrong namespace",
      grant(`{ from: [${fromShop}], to: [${service}] }`, "shop"),
      "tooNarrow",
      /must be in the namespace that is referred to/,
    ],
    [
      "tells that there is none",
      grant(`{ from: [{ group: ${group}, kind: Gateway, namespace: web }], to: [{ group: '', kind: Secret }] }`),
      "missing",
      /has no ReferenceGrant/,
    ],
  ] as const) {
    it(title, () => {
      const { snapshot } = contextOf(text);
      const found = explainGrant(snapshot, from, to);
      assert.equal(found.answer, answer);
      assert.equal(isReferenceGranted(snapshot, from, to), answer === "granted");
      if (found.answer !== "granted") assert.match(found.detail, detail ?? /./);
    });
  }

  it("asks for no grant inside one namespace", () => {
    const { snapshot } = contextOf(grant(`{ from: [${fromShop}], to: [${service}] }`));
    assert.deepEqual(explainGrant(snapshot, from, { ...to, namespace: "shop" }), { answer: "granted" });
  });

  it("does not put two halves of two grants together", () => {
    const { snapshot } = contextOf(
      `${grant(`{ from: [${fromShop}], to: [{ group: '', kind: Secret }] }`)}\n---\n${grant(`{ from: [{ group: ${group}, kind: Gateway, namespace: shop }], to: [${service}] }`).replace("name: allow", "name: other")}`,
    );
    assert.equal(isReferenceGranted(snapshot, from, to), false);
  });
});
