import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { mockTime } from "../../../test/kube/mock-time.ts";
import { StoreClient } from "../../../test/kube/store-client.ts";
import { KubeError } from "../../kube/kube-client.ts";
import { installationAnnotation } from "../../resource/installation-annotation.ts";
import { kinds, type Resource } from "../../resource/kinds.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import { type ClaimState, InstallationClaim } from "./installation-claim.ts";
import { standingByFindings } from "./standing-by.ts";

const controllerName = "sluice.dev/gateway-controller";
const { group, plural } = kinds.GatewayClass;
const place = (name: string) => ({ group, plural, name });

type ClassOptions = { readonly controller?: string; readonly annotated?: string };

function setUp(t: TestContext) {
  const time = mockTime(t);
  const client = new StoreClient();
  const { store } = client;
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  store.listeners.add(() => queueMicrotask(tell));
  let namespaces: readonly string[] = ["a", "b"];
  const source = {
    get state() {
      const named = namespaces.map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } }));
      // As a watch shows them: with everything that the API leaves out filled in.
      const classes = store.list(group, plural).map(({ metadata, ...rest }) => ({
        ...{ ...rest, metadata: { annotations: {}, ...metadata } },
      }));
      return { snapshot: createSnapshot([...named, ...classes] as unknown as Resource[]) };
    },
    live: {
      get: ({ name }: { readonly name: string }) => {
        const metadata = store.get(place(name))?.metadata;
        if (!metadata) return undefined;
        const { uid, resourceVersion } = metadata;
        return { path: { ...place(name), version: "v1" }, uid, resourceVersion };
      },
    },
    subscribe(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const errors: string[] = [];
  return {
    ...{ time, client, store, errors },
    claimOf(installation: string) {
      const told: ClaimState[] = [];
      const claim = new InstallationClaim({
        ...{ client, source, controllerName, installation, clock: time },
        onError: (_, name) => errors.push(name),
      });
      claim.subscribe((state) => told.push(state));
      t.after(() => claim.stop());
      return { claim, told };
    },
    add(name: string, { controller = controllerName, annotated }: ClassOptions = {}) {
      const annotations = annotated === undefined ? {} : { [installationAnnotation]: annotated };
      store.create(place(name), {
        ...{ apiVersion: `${group}/v1`, kind: "GatewayClass", spec: { controllerName: controller } },
        metadata: { name, annotations },
      });
    },
    holder: (name: string) => (store.get(place(name))?.metadata["annotations"] as never)?.[installationAnnotation],
    annotate: (name: string, value: string | null) =>
      store.merge(place(name), { metadata: { annotations: { [installationAnnotation]: value } } }, "object"),
    setNamespaces(names: readonly string[]) {
      namespaces = names;
      tell();
    },
  };
}

const another = (className: string, installation: string): ClaimState => ({ kind: "another", className, installation });

test("InstallationClaim: of two installations that begin at once, one is in charge and the other knows which", async (t) => {
  const { add, claimOf, holder, time } = setUp(t);
  add("sluice");
  const [a, b] = [claimOf("a"), claimOf("b")];
  a.claim.start();
  b.claim.start();
  await time.pass(0);
  const winner = holder("sluice");
  assert.ok(winner === "a" || winner === "b");
  const [first, second] = winner === "a" ? [a, b] : [b, a];
  assert.deepEqual(first.told, [{ kind: "ours" }]);
  assert.deepEqual(second.told, [another("sluice", winner)]);
  await time.pass(120_000);
  assert.deepEqual([first.told.length, second.told.length], [1, 1]);
});

test("InstallationClaim: the oldest class of the controllerName decides, whatever younger ones or those of others say", async (t) => {
  const { add, claimOf, store, time, holder } = setUp(t);
  add("foreign", { controller: "example.com/other", annotated: "a" });
  add("old", { annotated: "a" });
  add("middle", { annotated: "b" });
  const { claim, told } = claimOf("b");
  claim.start();
  await time.pass(0);
  assert.deepEqual(told, [another("old", "a")]);
  store.delete(place("old"));
  await time.pass(0);
  assert.deepEqual(claim.state, { kind: "ours" });
  assert.equal(holder("foreign"), "a");
});

test("InstallationClaim: is in charge without a class, writes nothing, and claims the class that comes", async (t) => {
  const { add, claimOf, time, client, holder } = setUp(t);
  const { claim, told } = claimOf("a");
  claim.start();
  assert.deepEqual(told, [{ kind: "ours" }]);
  assert.equal(client.calls.length, 0);
  add("sluice");
  await time.pass(0);
  assert.equal(holder("sluice"), "a");
  assert.deepEqual(claim.state, { kind: "ours" });
});

test("InstallationClaim: an annotation that was taken off by mistake is written again by who was in charge", async (t) => {
  const { add, claimOf, time, annotate, holder } = setUp(t);
  add("sluice", { annotated: "b" });
  // The one that stands by is told first.
  const [a, b] = [claimOf("a"), claimOf("b")];
  a.claim.start();
  b.claim.start();
  await time.pass(0);
  annotate("sluice", null);
  await time.pass(0);
  assert.equal(holder("sluice"), "b");
  await time.pass(60_000);
  assert.deepEqual([a.told, b.told], [[another("sluice", "b")], [{ kind: "ours" }]]);
});

test("InstallationClaim: takes over when the other one's namespace is gone, when nobody claims any more, and when it is told to", async (t) => {
  const { add, claimOf, time, annotate, holder, setNamespaces } = setUp(t);
  add("sluice", { annotated: "b" });
  const { claim, told } = claimOf("a");
  claim.start();
  await time.pass(0);
  setNamespaces(["a"]);
  await time.pass(11_000);
  assert.equal(holder("sluice"), "a");
  annotate("sluice", "b");
  setNamespaces(["a", "b"]);
  await time.pass(0);
  annotate("sluice", null);
  await time.pass(11_000);
  assert.equal(holder("sluice"), "a");
  annotate("sluice", "b");
  await time.pass(0);
  annotate("sluice", "a");
  await time.pass(0);
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ["another", "ours", "another", "ours", "another", "ours"],
  );
});

test("InstallationClaim: says what keeps it from claiming, leads nothing meanwhile, and tries again", async (t) => {
  const { add, claimOf, time, client, errors } = setUp(t);
  add("sluice");
  client.before = () => {
    throw new KubeError("you may not", { status: 403 });
  };
  const { claim, told } = claimOf("a");
  claim.start();
  await time.pass(1000);
  assert.deepEqual([errors, told], [["sluice"], []]);
  client.before = () => {};
  await time.pass(30_000);
  assert.deepEqual(told, [{ kind: "ours" }]);
});

test("InstallationClaim: nothing is written once it is stopped, and a start looks anew", async (t) => {
  const { add, claimOf, time, client } = setUp(t);
  const { claim, told } = claimOf("a");
  claim.start();
  await claim.stop();
  add("sluice");
  await time.pass(60_000);
  assert.equal(client.calls.length, 0);
  assert.deepEqual(claim.state, { kind: "pending" });
  claim.start();
  await time.pass(0);
  assert.deepEqual(told.at(-1), { kind: "ours" });
});

test("standingByFindings names both installations and how to hand over", () => {
  const options = { controllerName, installation: "b" };
  assert.deepEqual(standingByFindings({ kind: "ours" }, options), []);
  const [finding] = standingByFindings(another("sluice", "a"), options);
  assert.equal(finding?.name, "installation-standing-by");
  assert.equal(finding.object.name, "sluice");
  assert.match(finding.message, /^The Sluice in namespace a serves .*; the Sluice in namespace b /);
  assert.match(finding.fix, /kubectl annotate gatewayclass sluice --overwrite gateway\.sluice\.dev\/installation=b/);
});
