import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { flush, mockTime } from "../../test/kube/mock-time.ts";
import { MemoryCluster } from "../../test/provision/memory-cluster.ts";
import { deploymentOptions, fakeCertificates, planeOf } from "../../test/provision/plane-fixture.ts";
import { recordOf } from "../base/untrusted-json.ts";
import { KubeError } from "../kube/kube-client.ts";
import { objectKey } from "./managed-object.ts";
import { Provisioner, type ProvisionerOptions } from "./provisioner.ts";

type Fixture = {
  readonly cluster: MemoryCluster;
  readonly provisioner: Provisioner;
  readonly certificates: ReturnType<typeof fakeCertificates>;
};

function start(t: TestContext, options: Partial<ProvisionerOptions> = {}, cluster = new MemoryCluster()): Fixture {
  const certificates = fakeCertificates();
  const provisioner = new Provisioner({
    ...deploymentOptions,
    client: cluster.client,
    live: cluster.live,
    certificates,
    namespaces: [],
    isLeading: () => true,
    routability: true,
    writesPerSecond: 10_000,
    ...options,
  });
  t.after(() => provisioner.close());
  return { cluster, provisioner, certificates };
}

const all = ["Deployment/edge-sluice", "Secret/edge-sluice", "Service/edge-sluice", "ServiceAccount/edge-sluice"];
const specOf = (object: unknown) => recordOf(recordOf(object)["spec"]);

describe("Provisioner", () => {
  it("makes what a data plane needs, once", async (t) => {
    const { cluster, provisioner, certificates } = start(t);
    provisioner.update([planeOf()]);
    await provisioner.settled();
    assert.deepEqual(cluster.names(), all);
    assert.equal(cluster.writes.length, 4);
    provisioner.update([planeOf()]);
    provisioner.wake();
    await provisioner.settled();
    assert.equal(cluster.writes.length, 4);
    assert.equal(certificates.issued, 1);
  });

  it("writes what has changed, and no more", async (t) => {
    const { cluster, provisioner } = start(t);
    provisioner.update([planeOf()]);
    await provisioner.settled();
    provisioner.update([planeOf({ config: { replicas: 2 } })]);
    await provisioner.settled();
    assert.deepEqual(
      cluster.writes.slice(4).map(({ key }) => key),
      ["Deployment/edge-sluice", "PodDisruptionBudget/edge-sluice"],
    );
    assert.equal(specOf(cluster.get("Deployment", "edge-sluice"))["replicas"], 2);
    provisioner.update([planeOf()]);
    await provisioner.settled();
    assert.deepEqual(cluster.names(), all);
  });

  it("mends what somebody else has changed or deleted", async (t) => {
    const { cluster, provisioner } = start(t);
    provisioner.update([planeOf()]);
    await provisioner.settled();
    cluster.put("Deployment", { metadata: { name: "edge-sluice" }, spec: { replicas: 0 } });
    await provisioner.settled();
    assert.equal(specOf(cluster.get("Deployment", "edge-sluice"))["replicas"], 1);
    cluster.remove("Deployment", "edge-sluice");
    await provisioner.settled();
    assert.deepEqual(cluster.names(), all);
  });

  it("mends what was changed while no controller ran, by writing everything once", async (t) => {
    const { cluster, provisioner } = start(t);
    provisioner.update([planeOf()]);
    await provisioner.settled();
    await provisioner.close();
    cluster.put("Service", { metadata: { name: "edge-sluice" }, spec: { type: "ClusterIP" } });
    const before = cluster.writes.length;
    const next = start(t, {}, cluster).provisioner;
    next.update([planeOf()]);
    await next.settled();
    assert.equal(specOf(cluster.get("Service", "edge-sluice"))["type"], "LoadBalancer");
    next.wake();
    await next.settled();
    assert.deepEqual(
      cluster.writes.slice(before).map(({ key }) => key),
      ["ServiceAccount/edge-sluice", "Secret/edge-sluice", "Service/edge-sluice", "Deployment/edge-sluice"],
    );
  });

  it("serves a new Gateway before it has looked after all that an earlier run made", async (t) => {
    const names = Array.from({ length: 12 }, (_, index) => `old-${index}`);
    const planes = names.map((name) => planeOf({ name, uid: `uid-of-${name}` }));
    const { cluster, provisioner } = start(t);
    provisioner.update(planes);
    await provisioner.settled();
    await provisioner.close();
    cluster.writes.length = 0;
    const next = start(t, {}, cluster).provisioner;
    next.update(planes);
    next.update([...planes, planeOf({ name: "new", uid: "uid-of-new" })]);
    await next.settled();
    const deployments = cluster.writes.map(({ key }) => key).filter((key) => key.startsWith("Deployment/"));
    assert.equal(deployments.length, 13);
    assert.ok(deployments.indexOf("Deployment/new-sluice") < 8, deployments.join());
  });

  it("mends a selector to which somebody has added a label", async (t) => {
    const { cluster, provisioner } = start(t);
    provisioner.update([planeOf()]);
    await provisioner.settled();
    const before = cluster.writes.length;
    cluster.put("Service", { metadata: { name: "edge-sluice" }, spec: { selector: { app: "other" } } });
    await provisioner.settled();
    assert.deepEqual(cluster.writes.slice(before), [{ verb: "patch", key: "Service/edge-sluice" }]);
  });

  it("leaves what others add, and what an autoscaler decides", async (t) => {
    const { cluster, provisioner } = start(t);
    const scaled = planeOf({ config: { autoscaling: { minReplicas: 2, maxReplicas: 6 } } });
    provisioner.update([scaled]);
    await provisioner.settled();
    const before = cluster.writes.length;
    cluster.put("Deployment", {
      metadata: { name: "edge-sluice", annotations: { other: "x" } },
      spec: { replicas: 5 },
    });
    await provisioner.settled();
    assert.equal(cluster.writes.length, before);
    provisioner.update([planeOf({ config: { autoscaling: { minReplicas: 2, maxReplicas: 6 }, drainSeconds: 1 } })]);
    await provisioner.settled();
    assert.equal(specOf(cluster.get("Deployment", "edge-sluice"))["replicas"], 5);
  });

  it("makes nothing in other namespaces than those that it was given, and says so", async (t) => {
    const { cluster, provisioner } = start(t, { namespaces: ["infra", "sluice-system"] });
    provisioner.update([planeOf(), planeOf({ namespace: "shop", uid: "uid-of-shop" })]);
    await provisioner.settled();
    assert.deepEqual(cluster.names(), all);
    assert.equal(cluster.get("Deployment", "edge-sluice", "shop"), undefined);
    assert.deepEqual(
      provisioner.findings.filter(({ object }) => object.namespace === "shop").map(({ name }) => name),
      ["data-plane-not-made"],
    );
    assert.equal(provisioner.rows["shop/edge"]?.waiting?.reason, "NoResources");
    assert.match(provisioner.rows["shop/edge"]?.waiting?.message ?? "", /only in the namespaces infra, sluice-system/);
  });

  it("deletes what nothing wants, also what is left from before it began", async (t) => {
    const { cluster, provisioner } = start(t);
    provisioner.update([planeOf(), planeOf({ name: "two", uid: "uid-of-two" })]);
    await provisioner.settled();
    provisioner.update([planeOf()]);
    await provisioner.settled();
    assert.deepEqual(cluster.names(), all);
    await provisioner.close();
    const next = start(t, {}, cluster).provisioner;
    next.update([]);
    await next.settled();
    assert.deepEqual(cluster.names(), []);
  });

  it("deletes nothing that another controller made, or that is not owned by the Gateway it is marked with", async (t) => {
    const { cluster, provisioner } = start(t, { controllerName: "example.com/another" });
    provisioner.update([planeOf()]);
    await provisioner.settled();
    await provisioner.close();
    cluster.put("Service", {
      metadata: {
        name: "odd",
        labels: { "app.kubernetes.io/managed-by": "sluice" },
        annotations: {
          "gateway.sluice.dev/controller": deploymentOptions.controllerName,
          "gateway.sluice.dev/data-plane": "infra/gone",
        },
        ownerReferences: [{ kind: "Deployment", name: "gone", uid: "x" }],
      },
    });
    const next = start(t, {}, cluster).provisioner;
    next.update([]);
    await next.settled();
    assert.deepEqual(cluster.names(), [
      ...all.slice(0, 2),
      "Service/edge-sluice",
      "Service/odd",
      "ServiceAccount/edge-sluice",
    ]);
  });

  it("keeps what serves a Gateway that is not accepted, and makes nothing for it", async (t) => {
    const { cluster, provisioner } = start(t);
    provisioner.update([planeOf()]);
    await provisioner.settled();
    provisioner.update([
      planeOf({ state: "kept", config: { replicas: 9 } }),
      planeOf({ name: "new", uid: "n", state: "kept" }),
    ]);
    await provisioner.settled();
    assert.deepEqual(cluster.names(), all);
    assert.equal(cluster.writes.length, 4);
  });

  it("keeps what is shared while it is not known what some Gateway wants", async (t) => {
    const { cluster, provisioner } = start(t);
    const shared = {
      ...planeOf(),
      key: "infra/shared..sluice..edge",
      mode: "shared",
      name: "shared..sluice..edge",
    } as const;
    provisioner.update([shared]);
    await provisioner.settled();
    provisioner.update([planeOf({ name: "unsure", state: "kept" })]);
    await provisioner.settled();
    assert.deepEqual(cluster.names(), all);
    provisioner.update([planeOf({ name: "unsure" })]);
    await provisioner.settled();
    assert.ok(!cluster.names().includes("Deployment/edge-sluice"));
  });

  it("never touches an object of another that has the name, and says so", async (t) => {
    const { cluster, provisioner } = start(t);
    cluster.put("Service", {
      metadata: { name: "edge-sluice" },
      spec: { type: "ClusterIP", selector: { app: "other" } },
    });
    provisioner.update([planeOf()]);
    await provisioner.settled();
    assert.deepEqual(specOf(cluster.get("Service", "edge-sluice"))["selector"], { app: "other" });
    assert.deepEqual(
      provisioner.findings.map(({ name }) => name),
      ["data-plane-name-taken", "gateway-address-unassigned"],
    );
    assert.equal(provisioner.rows["infra/edge"]?.waiting?.reason, "NoResources");
  });

  it("waits until what a Gateway of the same name left behind is gone", async (t) => {
    const { cluster, provisioner } = start(t, { random: () => 0 });
    provisioner.update([planeOf({ uid: "old" })]);
    await provisioner.settled();
    provisioner.update([planeOf({ uid: "new" })]);
    await provisioner.settled();
    assert.deepEqual(cluster.names(), all);
    const owners = recordOf(cluster.get("Deployment", "edge-sluice")?.["metadata"])["ownerReferences"] as {
      uid: string;
    }[];
    assert.equal(owners[0]?.uid, "new");
    assert.equal(cluster.writes.filter(({ verb }) => verb === "delete").length, 4);
  });

  it("is not held up by what it only remembers of a Gateway of the same name", async (t) => {
    const { cluster, provisioner } = start(t, { random: () => 0 });
    provisioner.update([planeOf({ uid: "old" })]);
    await provisioner.settled();
    const left = cluster.get("Service", "edge-sluice");
    assert.ok(left);
    provisioner.update([]);
    await provisioner.settled();
    for (const name of cluster.names()) cluster.remove(name.split("/")[0] as "Service", "edge-sluice");
    const { uid } = left["metadata"] as { uid: string };
    // The answer to a write that comes after the word of the object's end, and one that no watch has told of.
    cluster.live.note(left);
    assert.equal(cluster.live.get(objectKey("Service", "infra", "edge-sluice")), undefined);
    cluster.live.note({ ...left, metadata: { ...(left["metadata"] as object), uid: `${uid}-later` } });
    provisioner.update([planeOf({ uid: "new" })]);
    await provisioner.settled();
    assert.deepEqual(cluster.names(), all);
  });

  it("does nothing before everything is known, nor without leading", async (t) => {
    const listing = start(t, {}, new MemoryCluster("listing"));
    listing.provisioner.update([planeOf()]);
    await listing.provisioner.settled();
    assert.deepEqual([listing.cluster.names(), listing.provisioner.isReady], [[], false]);
    listing.cluster.sync();
    await listing.provisioner.settled();
    assert.deepEqual(listing.cluster.names(), all);

    let leads = false;
    const following = start(t, { isLeading: () => leads });
    following.provisioner.update([planeOf()]);
    await following.provisioner.settled();
    assert.deepEqual(following.cluster.names(), []);
    leads = true;
    following.provisioner.wake();
    await following.provisioner.settled();
    assert.deepEqual(following.cluster.names(), all);
  });

  it("renews the certificate when it is time, and passes a new authority on at once", async (t) => {
    const { cluster, provisioner, certificates } = start(t);
    provisioner.update([planeOf()]);
    await provisioner.settled();
    const data = () => recordOf(cluster.get("Secret", "edge-sluice")?.["data"]);
    const decoded = (file: string) => Buffer.from(String(data()[file]), "base64").toString();
    assert.deepEqual([decoded("tls.crt"), decoded("ca.crt")], ["infra/edge 1", "ca"]);
    certificates.bundle = "ca and next";
    provisioner.wake();
    await provisioner.settled();
    assert.deepEqual([decoded("tls.crt"), decoded("ca.crt")], ["infra/edge 1", "ca and next"]);
    certificates.renew = true;
    provisioner.wake();
    await provisioner.settled();
    assert.equal(decoded("tls.crt"), "infra/edge 2");
  });

  it("replaces what somebody has put into the Secret instead of the certificate", async (t) => {
    const { cluster, provisioner, certificates } = start(t);
    provisioner.update([planeOf()]);
    await provisioner.settled();
    const strange = { "tls.crt": Buffer.from("infra/other 1").toString("base64") };
    cluster.put("Secret", { metadata: { name: "edge-sluice" }, data: strange });
    await provisioner.settled();
    assert.equal(certificates.issued, 2);
    const { data } = cluster.get("Secret", "edge-sluice") as { data: Record<string, string> };
    assert.equal(Buffer.from(data["tls.crt"] ?? "", "base64").toString(), "infra/edge 2");
  });

  it("tells the address once the Service has it, and only when something has changed", async (t) => {
    const { cluster, provisioner } = start(t);
    let told = 0;
    provisioner.subscribe(() => told++);
    provisioner.update([planeOf()]);
    await provisioner.settled();
    assert.equal(provisioner.rows["infra/edge"]?.problem?.reason, "AddressNotAssigned");
    const before = told;
    cluster.setStatus("Service", "edge-sluice", { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } });
    assert.equal(told, before + 1);
    assert.deepEqual(provisioner.rows["infra/edge"]?.addresses, [{ type: "IPAddress", value: "192.0.2.1" }]);
    cluster.put("Service", { metadata: { name: "edge-sluice", annotations: { seen: "yes" } } });
    assert.equal(told, before + 1);
  });

  it("keeps routability to itself where the API does not have it", async (t) => {
    const { cluster, provisioner } = start(t, { routability: false });
    provisioner.update([planeOf()]);
    await provisioner.settled();
    cluster.setStatus("Service", "edge-sluice", { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } });
    const row = provisioner.rows["infra/edge"];
    assert.deepEqual([row?.addresses, row?.assigned], [[{ type: "IPAddress", value: "192.0.2.1" }], undefined]);
  });
});

describe("Provisioner: kinds that may not be read", () => {
  it("are told of before it is ready, and no longer than they may not be", async (t) => {
    const cluster = new MemoryCluster("listing");
    const { provisioner } = start(t, { client: cluster.client, live: cluster.live });
    const told: (readonly string[])[] = [];
    provisioner.subscribe(() => told.push(provisioner.findings.map(({ name, object }) => `${name} ${object.kind}`)));
    const sink = cluster.live.sink("Deployment", "shop");
    provisioner.update([planeOf()]);
    const error = { status: 403, message: "deployments.apps is forbidden" };
    sink.stateChanged({ synced: false, error });
    sink.stateChanged({ synced: false, error });
    assert.match(
      provisioner.findings[0]?.message ?? "",
      /no permission to read Deployment objects in namespace shop.*: deployments\.apps is forbidden\.$/,
    );
    sink.stateChanged({ synced: true });
    assert.deepEqual(told, [["kind-forbidden Role"], []]);
    assert.equal(provisioner.isReady, false);
    cluster.sync();
    assert.equal(provisioner.isReady, true);
  });
});

describe("Provisioner: refusals", () => {
  const refusal = (status: number, serverMessage = "no") => {
    const message = `Cannot patch x: https://10.0.0.1 answered ${status}: ${serverMessage}`;
    return new KubeError(message, { status, reason: "Forbidden", serverMessage });
  };

  for (const [title, error, words] of [
    [
      "a missing permission",
      refusal(403, "deployments.apps is forbidden"),
      /no permission to write Deployment infra\/edge-sluice/,
    ],
    ["a quota", refusal(403, "exceeded quota: tiny"), /exceeds the quota/],
    [
      "an unknown field",
      refusal(500, "failed to create typed patch object (a/b): .spec.x: field not declared"),
      /refuses .*\.spec\.x/,
    ],
    ["an invalid field", refusal(422, "spec: bad"), /refuses Deployment infra\/edge-sluice: spec: bad/],
    ["anything else", refusal(418, "teapot"), /could not be written/],
  ] as const) {
    it(`says of ${title} what is refused, and makes the rest`, async (t) => {
      const { cluster, provisioner } = start(t);
      cluster.refuse = (_, kind) => {
        if (kind === "Deployment") throw error;
      };
      provisioner.update([planeOf()]);
      await provisioner.settled();
      assert.deepEqual(cluster.names(), all.slice(1));
      const [finding] = provisioner.findings;
      assert.equal(finding?.name, "data-plane-not-made");
      assert.match(finding?.message ?? "", words);
      assert.equal(provisioner.rows["infra/edge"]?.waiting?.reason, "NoResources");
    });
  }

  it("says nothing to users of what passes by itself, and tries again later each time", async (t) => {
    const time = mockTime(t);
    const { cluster, provisioner } = start(t, { clock: time, random: () => 0 });
    let attempts = 0;
    cluster.refuse = (_, kind) => {
      if (kind !== "Deployment") return;
      attempts += 1;
      throw new KubeError("connect ECONNREFUSED", { status: 0 });
    };
    provisioner.update([planeOf()]);
    await time.pass(0);
    assert.deepEqual([attempts, provisioner.findings.map(({ name }) => name)], [1, ["gateway-address-unassigned"]]);
    await time.pass(700);
    assert.equal(attempts, 2);
    await time.pass(700);
    assert.equal(attempts, 2);
    await time.pass(200);
    assert.equal(attempts, 3);
    cluster.refuse = () => {};
    await time.pass(2200);
    assert.deepEqual(cluster.names(), all);
  });

  it("tries again at once when the server is back", async (t) => {
    const { cluster, provisioner } = start(t);
    cluster.refuse = () => {
      throw new KubeError("the server is away", { status: 503 });
    };
    provisioner.update([planeOf()]);
    await provisioner.settled();
    assert.deepEqual(cluster.names(), []);
    cluster.refuse = () => {};
    cluster.comeBack();
    await provisioner.settled();
    assert.deepEqual(cluster.names(), all);
  });

  it("waits as long as the server asks", async (t) => {
    const time = mockTime(t);
    const { cluster, provisioner } = start(t, { clock: time, random: () => 0 });
    cluster.refuse = () => {
      cluster.refuse = () => {};
      throw new KubeError("busy", { status: 429, retryAfterMs: 5000 });
    };
    provisioner.update([planeOf()]);
    await time.pass(5000);
    assert.deepEqual(cluster.names(), all.slice(0, 3));
    await time.pass(1000);
    assert.deepEqual(cluster.names(), all);
  });

  it("keeps the rate of writes", async (t) => {
    const time = mockTime(t);
    const { cluster, provisioner } = start(t, { clock: time, writesPerSecond: 2 });
    provisioner.update([1, 2, 3].map((number) => planeOf({ name: `g${number}`, uid: `${number}` })));
    await time.pass(1000);
    assert.ok(cluster.writes.length <= 6, `${cluster.writes.length}`);
    await time.pass(4000);
    assert.equal(cluster.writes.length, 12);
  });

  it("says that an address cannot be used once it has waited long enough", async (t) => {
    const time = mockTime(t);
    const { cluster, provisioner } = start(t, { clock: time });
    provisioner.update([planeOf({ gateway: { addresses: [{ value: "192.0.2.1", routability: "" }] } })]);
    await time.pass(100);
    const [name = ""] = cluster.names().filter((one) => one.startsWith("Service/"));
    const now = new Date(time.nowMs()).toISOString();
    const place = { group: "", plural: "services", namespace: "infra", name: name.slice("Service/".length) };
    Object.assign(cluster.store.get(place)?.metadata ?? {}, { creationTimestamp: now });
    cluster.put("Service", { metadata: { name: place.name, annotations: { seen: "yes" } } });
    assert.equal(provisioner.rows["infra/edge"]?.problem?.reason, "AddressNotAssigned");
    await time.pass(61_000, 1000);
    assert.equal(provisioner.rows["infra/edge"]?.problem?.reason, "AddressNotUsable");
  });
});

it("Provisioner: whatever was there and was wanted before, what is wanted is there in the end, and then nothing is written", async (t) => {
  const plane = fc.record({
    name: fc.constantFrom("one", "two"),
    replicas: fc.integer({ min: 1, max: 2 }),
    port: fc.constantFrom(80, 443),
    address: fc.constantFrom("", "192.0.2.1", "192.0.2.2"),
  });
  const planes = fc.uniqueArray(plane, { selector: ({ name }) => name, maxLength: 2 });
  await fc.assert(
    fc.asyncProperty(fc.array(planes, { minLength: 1, maxLength: 5 }), async (steps) => {
      const { cluster, provisioner } = start(t);
      const wanted = steps.map((step) =>
        step.map(({ name, replicas, port, address }) =>
          planeOf({
            name,
            uid: name,
            config: { replicas },
            gateway: {
              ports: [{ port, protocol: "TCP" }],
              addresses: address === "" ? [] : [{ value: address, routability: "" }],
            },
          }),
        ),
      );
      for (const step of wanted) {
        provisioner.update(step);
        await flush();
      }
      await provisioner.settled();
      const fresh = start(t);
      fresh.provisioner.update(wanted.at(-1) ?? []);
      await fresh.provisioner.settled();
      assert.deepEqual(cluster.names(), fresh.cluster.names());
      const writes = cluster.writes.length;
      provisioner.wake();
      await provisioner.settled();
      assert.equal(cluster.writes.length, writes);
      await Promise.all([provisioner.close(), fresh.provisioner.close()]);
    }),
    { numRuns: 30 },
  );
});
