import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nearName } from "./near-name.ts";

describe("nearName", () => {
  it("finds the name that was meant", () => {
    assert.equal(nearName("chekout", ["cart", "checkout"]), "checkout");
  });

  it("does not take a sibling for a mistake", () => {
    assert.equal(nearName("api-v1", ["api-v2", "api-v3"]), undefined);
  });

  it("does not depend on the order of the candidates, and gives up on very many", () => {
    assert.equal(nearName("webb", ["weba", "web"]), nearName("webb", ["web", "weba"]));
    assert.equal(nearName("checkou", ["checkout", ...Array.from({ length: 200 }, (_, i) => `s${i}`)]), undefined);
  });
});
