import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { mockTime } from "../../test/kube/mock-time.ts";
import { StoreClient } from "../../test/kube/store-client.ts";
import { LeaderElection } from "../kube/leader-election.ts";
import { installationAnnotation } from "../resource/installation-annotation.ts";
import { kinds, type Resource } from "../resource/kinds.ts";
import { InstallationClaim } from "../status/writer/installation-claim.ts";
import { createSnapshot } from "../store/create-snapshot.ts";
import { Leadership, type Role } from "./leadership.ts";

const { group, plural } = kinds.GatewayClass;
const place = { group, plural, name: "sluice" };

function setUp(t: TestContext) {
  const time = mockTime(t);
  const client = new StoreClient();
  const { store } = client;
  store.create(place, {
    ...{ apiVersion: `${group}/v1`, kind: "GatewayClass", metadata: { name: "sluice" } },
    spec: { controllerName: "sluice.dev/gateway-controller" },
  });
  const source = {
    get state() {
      const classes = store.list(group, plural).map((object) => ({
        ...{ ...object, metadata: { annotations: {}, ...object.metadata } },
      }));
      return { snapshot: createSnapshot(classes as unknown as Resource[]) };
    },
    live: {
      get() {
        const metadata = store.get(place)?.metadata;
        return metadata && { ...metadata, path: { ...place, version: "v1" } };
      },
    },
    subscribe(listener: () => void) {
      const tell = () => queueMicrotask(listener);
      store.listeners.add(tell);
      return () => store.listeners.delete(tell);
    },
  };
  return {
    ...{ time, store },
    replica(installation: string, pod: string) {
      const roles: Role[] = [];
      const leadership = new Leadership({
        election: new LeaderElection({
          ...{ client, namespace: installation, name: "sluice-controller", identity: pod, clock: time },
        }),
        claim: new InstallationClaim({
          ...{ client, source, controllerName: "sluice.dev/gateway-controller", installation, clock: time },
        }),
        onRole: (role) => roles.push(role),
      });
      t.after(() => leadership.stop());
      leadership.start();
      return { leadership, roles };
    },
    handOver: (installation: string) =>
      store.merge(place, { metadata: { annotations: { [installationAnnotation]: installation } } }, "object"),
  };
}

test("Leadership: one replica of one installation leads, its next replica after it, and never two installations", async (t) => {
  const { time, replica, handOver } = setUp(t);
  const first = replica("a", "a-1");
  await time.pass(100);
  const second = replica("a", "a-2");
  const other = replica("b", "b-1");
  await time.pass(3000);
  assert.deepEqual([first.roles, second.roles, other.roles], [["lead"], ["follow"], ["standBy"]]);
  await first.leadership.stop();
  await time.pass(3000);
  assert.deepEqual([second.roles, other.roles], [["follow", "lead"], ["standBy"]]);
  handOver("b");
  await time.pass(100);
  assert.deepEqual(
    [second.roles, other.roles],
    [
      ["follow", "lead", "standBy"],
      ["standBy", "lead"],
    ],
  );
});
