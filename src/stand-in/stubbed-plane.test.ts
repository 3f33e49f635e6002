import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointTable } from "../ir/endpoint-table.ts";
import type { Plane, PlaneUpdate } from "../ir/plane.ts";
import { SecretTable } from "../ir/secret-table.ts";
import { defaultTrafficSettings } from "../ir/traffic-settings.ts";
import { StubBackends } from "./stub-backends.ts";
import { StubbedPlane } from "./stubbed-plane.ts";

/** A plane that remembers what it was given. */
class RecordingPlane implements Plane {
  readonly tables: EndpointTable[] = [];
  drained = Promise.withResolvers<void>();
  updated = Promise.withResolvers<void>();

  async apply({ generation, endpoints }: PlaneUpdate) {
    this.tables.push(endpoints);
    return { generation, listeners: {}, addresses: {} };
  }

  updateEndpoints(endpoints: EndpointTable) {
    this.tables.push(endpoints);
    this.updated.resolve();
  }

  async drain() {
    this.drained.resolve();
  }
}

const routing = {
  gateways: [],
  clusters: {
    cart: {
      key: "cart",
      from: { kind: "Service", namespace: "shop", name: "cart", pointer: "" },
      namespace: "shop",
      name: "cart",
      port: 80,
      endpoints: "shop/cart:80",
      protocol: "http1",
      traffic: { ...defaultTrafficSettings, connectTimeoutMs: 1000 },
    },
  },
} as const;

test("StubbedPlane hands on stand-ins where there are no endpoints, and real ones as soon as there are", async () => {
  const inner = new RecordingPlane();
  const plane = new StubbedPlane(inner, new StubBackends());
  await plane.apply({ generation: 1, routing, endpoints: {}, secrets: new SecretTable(new Map()) });
  assert.equal(inner.tables[0]?.["shop/cart:80"]?.[0]?.address, "127.0.0.1");
  assert.deepEqual(plane.endpoints, inner.tables[0]);

  const real = { "shop/cart:80": [{ address: "10.0.0.1", port: 8080 }] };
  plane.updateEndpoints({});
  plane.updateEndpoints(real);
  await inner.updated.promise;
  assert.deepEqual(inner.tables.slice(1), [real]);
  await plane.drain(0);
  await inner.drained.promise;
});
