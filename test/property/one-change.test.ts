import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { FollowingProxy, Publisher } from "../../bench/stream-ends.ts";
import { compile } from "../../src/compile/compile.ts";
import { createCompileMemo } from "../../src/compile/compile-memo.ts";
import { nothingRetained } from "../../src/compile/compile-options.ts";
import type { CompileResult } from "../../src/compile/contract.ts";
import type { HeldState } from "../../src/config-stream/stream-client.ts";
import type { UpdatePart } from "../../src/config-stream/update-splitter.ts";
import { EventRecorder } from "../../src/kube/events.ts";
import type { EventChanges } from "../../src/kube/object-event.ts";
import { EmbeddedPlane } from "../../src/proxy/embedded-plane.ts";
import type { Resource } from "../../src/resource/kinds.ts";
import { validateObject } from "../../src/resource/validate-object.ts";
import type { MergedStatus } from "../../src/status/condition.ts";
import { mergeStatus } from "../../src/status/merge.ts";
import { ObjectEvents } from "../../src/status/writer/object-events.ts";
import { StatusWriter } from "../../src/status/writer/status-writer.ts";
import { type KindIndex, keyOf, snapshotOf } from "../../src/store/create-snapshot.ts";
import type { Snapshot } from "../../src/store/snapshot.ts";
import { createTelemetry } from "../../src/telemetry/create-telemetry.ts";
import { defaultOptions } from "../compile-case.ts";
import { StoreClient } from "../kube/store-client.ts";

const gatewayApi = "gateway.networking.k8s.io/v1";

function resourceOf(object: unknown): Resource {
  const { resource, findings } = validateObject(object);
  assert.ok(resource, findings.map(({ message }) => message).join(" "));
  return resource;
}

/** Every tenth names a Service that is not there, so that there are findings and events. */
const route = (index: number, path: string) =>
  resourceOf({
    apiVersion: gatewayApi,
    kind: "HTTPRoute",
    metadata: { name: `r${index}`, namespace: "shop", uid: `uid-${index}`, generation: 1 },
    spec: {
      parentRefs: [{ name: "edge" }],
      hostnames: [`h${index}.test`],
      rules: [
        {
          matches: [{ path: { value: path } }],
          backendRefs: [{ name: index % 10 === 9 ? "lost" : `s${index % 7}`, port: 80 }],
        },
      ],
    },
  });

const slice = (service: string, address: string) =>
  resourceOf({
    ...{ apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", addressType: "IPv4" },
    metadata: { name: service, namespace: "shop", labels: { "kubernetes.io/service-name": service } },
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: "", port: 8080, protocol: "TCP" }],
  });

function* beginning(routes: number): Generator<Resource> {
  const { controllerName } = defaultOptions;
  yield resourceOf({
    ...{ apiVersion: gatewayApi, kind: "GatewayClass", metadata: { name: "c", uid: "c", generation: 1 } },
    spec: { controllerName },
  });
  yield resourceOf({
    apiVersion: gatewayApi,
    kind: "Gateway",
    metadata: { name: "edge", namespace: "shop", uid: "g", generation: 1 },
    spec: { gatewayClassName: "c", listeners: [{ name: "http", protocol: "HTTP", port: 80 }] },
  });
  for (let index = 0; index < 7; index++) {
    const metadata = { name: `s${index}`, namespace: "shop" };
    yield resourceOf({
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { ports: [{ port: 80, targetPort: 8080 }] },
    });
    yield slice(`s${index}`, "192.0.2.1");
  }
  for (let index = 0; index < routes; index++) yield route(index, "/");
}

/** Which objects are looked into: of which a member is read. Going along a list or record of them is no look at what is in it. */
class Looks {
  readonly #seen = new Set<object>();
  #isCounting = false;

  get count(): number {
    return this.#seen.size;
  }

  /** Stands for an object that cannot be changed. */
  standIn<T extends object>(object: T): T {
    const look = () => this.#look(object);
    return new Proxy(object, {
      get(target, name) {
        look();
        return Reflect.get(target, name);
      },
      ownKeys(target) {
        look();
        return Reflect.ownKeys(target);
      },
    });
  }

  /** Counts looks from now on, also into these objects. */
  begin(objects: Iterable<object>): void {
    for (const object of objects) {
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(object))) {
        const get = () => {
          this.#look(object);
          return value;
        };
        Object.defineProperty(object, name, { get, enumerable: true, configurable: true });
      }
    }
    this.#isCounting = true;
  }

  #look(object: object): void {
    if (this.#isCounting) this.#seen.add(object);
  }
}

/** What came of one turn. */
type Turn = {
  readonly snapshot: Snapshot;
  readonly result: CompileResult;
  readonly part: UpdatePart;
  /** The message to the proxy; `""`: none. */
  readonly line: string;
  readonly held: HeldState;
  readonly status: MergedStatus;
  readonly events: EventChanges;
};

/** Everything between a watch event and a proxy that serves, with what the API server is told; without sockets between them. */
class Path {
  readonly memo = createCompileMemo();
  readonly looks = new Looks();
  readonly client = new StoreClient();
  readonly #publisher = new Publisher();
  readonly #proxy = new FollowingProxy();
  readonly #telemetry = createTelemetry({ version: "test" });
  readonly #plane = new EmbeddedPlane({ telemetry: this.#telemetry, mapPort: () => 0 });
  readonly #events = new ObjectEvents();
  readonly #recorder: EventRecorder;
  readonly #writer: StatusWriter;
  readonly #indexes = new Map<Resource["kind"], KindIndex>();
  /** How often the status writer asked for a live object. */
  asked = 0;
  last: Turn | undefined;

  constructor(t: TestContext, routes: number) {
    const { client } = this;
    this.#recorder = new EventRecorder({ client, controller: "c", instance: "i", warnAfterMs: 0 });
    const live = {
      get: () => {
        this.asked++;
        return undefined;
      },
      subscribe: () => () => {},
    };
    this.#writer = new StatusWriter({ client, live, controllerName: defaultOptions.controllerName });
    this.#recorder.start();
    this.#writer.start();
    t.after(async () => {
      await Promise.all([this.#recorder.stop(), this.#writer.stop(), this.#plane.drain(0)]);
      await this.#telemetry.close();
    });
    for (const resource of beginning(routes)) {
      this.put(resource.kind === "HTTPRoute" ? this.looks.standIn(resource) : resource);
    }
  }

  /** As the source does: lists of kinds that did not change stay the same. */
  put(resource: Resource): void {
    const index = new Map(this.#indexes.get(resource.kind));
    index.set(keyOf(resource), resource);
    this.#indexes.set(resource.kind, index);
  }

  async run(): Promise<Turn> {
    const before = this.last;
    const snapshot = snapshotOf(new Map(this.#indexes));
    const options = { ...defaultOptions, retained: nothingRetained };
    const result = compile(snapshot, options, this.memo);
    const part = this.#publisher.split({ ...result, generation: 1 });
    const line = part === before?.part ? "" : this.#publisher.publish(part);
    const held = line === "" ? before!.held : this.#proxy.take(line);
    const report = await this.#plane.apply(this.#proxy.update(held, 1));
    const status = mergeStatus(result.status, report, before?.status, 0);
    this.#writer.update({ status, snapshot });
    const events = this.#events.take({ findings: result.findings, status, snapshot });
    this.#recorder.observe(events);
    this.last = { snapshot, result, part, line, held, status, events };
    return this.last;
  }

  /** What has been made for each route, but for the route `name`. */
  *others(name: string): Generator<object> {
    const { result, held, status, events } = this.last!;
    for (const { routing } of [result, held.state]) {
      for (const gateway of routing.gateways) {
        for (const rule of Object.values(gateway.httpRules)) if (rule.name !== name) yield rule;
      }
    }
    for (const finding of result.findings) if (finding.object.name !== name) yield finding;
    for (const list of [result.status, status]) {
      for (const one of list) if (one.ref.kind === "HTTPRoute" && one.ref.name !== name) yield one;
    }
    for (const event of events.began) if (event.regarding.name !== name) yield event;
  }
}

async function costOfOneRoute(t: TestContext, routes: number) {
  const path = new Path(t, routes);
  await path.run();
  await path.run();
  path.looks.begin([...path.others("r19")]);
  path.asked = 0;
  path.put(route(19, "/changed"));
  const { line, status, events } = await path.run();
  assert.match(line, /"\/changed"/);
  assert.equal(status.length, routes + 2);
  return { looked: path.looks.count, line: line.length, parts: path.memo.partsMade(), asked: path.asked, events };
}

test("one changed route costs the same among 200 routes and among 1,000, from the snapshot to the API server and the proxy", async (t) => {
  const few = await costOfOneRoute(t, 200);
  const many = await costOfOneRoute(t, 1_000);
  for (const cost of [few, many]) {
    assert.ok(cost.looked <= 40, `${cost.looked} other objects were looked into`);
    assert.ok(cost.parts <= 10, `${cost.parts} parts were compiled`);
    assert.ok(cost.asked <= 10, `${cost.asked} live objects were asked for`);
    assert.ok(cost.line < 3_000, `the delta has ${cost.line} characters`);
    assert.ok(cost.events.began.length + cost.events.ended.length <= 4);
  }
  assert.equal(many.parts, few.parts);
  assert.equal(many.asked, few.asked);
});

test("changed endpoints cause no whole compilation, and leave the model as it is", async (t) => {
  const path = new Path(t, 300);
  await path.run();
  const before = await path.run();
  path.looks.begin([...path.others("")]);
  path.put(slice("s3", "192.0.2.77"));
  const after = await path.run();
  assert.equal(after.result.routing, before.result.routing);
  assert.equal(after.result.secrets, before.result.secrets);
  assert.equal(after.result.status, before.result.status);
  assert.equal(after.result.endpoints["shop/s3:80"]?.[0]?.address, "192.0.2.77");
  assert.ok(path.memo.partsMade() <= 3, `${path.memo.partsMade()} parts were compiled`);
  assert.ok(path.looks.count <= 5, `${path.looks.count} objects were looked into`);
  assert.ok(after.line.length < 500);
});

test("what these tests count is there to be counted", async (t) => {
  const path = new Path(t, 20);
  await path.run();
  const others = [...path.others("r19")];
  path.looks.begin(others);
  JSON.stringify(others);
  assert.equal(path.looks.count, others.length);
  assert.ok(others.length >= 19 * 4, "rules at both ends, conclusions and statuses");
  JSON.stringify(path.last!.snapshot.list("HTTPRoute"));
  assert.equal(path.looks.count, others.length + 20);
});
