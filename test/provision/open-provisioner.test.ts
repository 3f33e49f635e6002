import assert from "node:assert/strict";
import { test } from "node:test";
import { nextAuthority } from "../../src/config-stream/stream-authority.ts";
import { openProvisioner } from "../../src/fleet/open-provisioner.ts";
import { openKubeClient } from "../../src/kube/open-kube-client.ts";
import { FakeApiServer } from "../kube/fake-api-server.ts";
import { deploymentOptions, planeOf } from "./plane-fixture.ts";

test("openProvisioner: makes a data plane over HTTP, sees what it made, and tells the address that the Service gets", async () => {
  await using server = await FakeApiServer.start();
  const client = openKubeClient({ access: server.access });
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => client.close());
  const { authority } = nextAuthority(undefined, Date.now());
  const options = { ...deploymentOptions, client, namespaces: [], routability: true, isLeading: () => true };
  const { provisioner } = cleanup.use(openProvisioner({ ...options, authority: () => authority }));
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise<void>((resolve) => cleanup.defer(provisioner.subscribe(resolve)));
  };

  provisioner.update([planeOf()]);
  await until(() => provisioner.isReady);
  await provisioner.settled();
  const service = server.find("Service", "edge-sluice", "infra");
  assert.ok(service);
  const secret = server.find("Secret", "edge-sluice", "infra") as unknown as { readonly data: Record<string, string> };
  assert.match(Buffer.from(secret.data["tls.crt"] ?? "", "base64").toString(), /BEGIN CERTIFICATE/);

  server.put({ ...service, status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } } });
  await until(() => provisioner.rows["infra/edge"]?.addresses.length === 1);
  assert.equal(provisioner.rows["infra/edge"]?.addresses[0]?.value, "192.0.2.1");

  provisioner.update([]);
  await provisioner.settled();
  assert.equal(server.find("Service", "edge-sluice", "infra"), undefined);
});
