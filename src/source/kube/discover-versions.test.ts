import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeApiServer } from "../../../test/kube/fake-api-server.ts";
import { openKubeClient } from "../../kube/open-kube-client.ts";
import { discoverVersions } from "./discover-versions.ts";

test("discoverVersions: the first version that we know of those that are served, and nothing for kinds that are not", async () => {
  await using server = await FakeApiServer.start();
  const client = openKubeClient({ access: server.access });
  server.serveKind("TLSRoute", { versions: ["v1alpha2", "v1alpha3"] });
  server.serveKind("UDPRoute", { versions: ["v9"] });
  server.dropKind("TCPRoute");
  server.dropKind("XBackend");
  server.dropKind("ClusterTrustBundle");
  const wanted = [
    "HTTPRoute",
    "TLSRoute",
    "UDPRoute",
    "TCPRoute",
    "XBackend",
    "ClusterTrustBundle",
    "Service",
  ] as const;
  assert.deepEqual([...(await discoverVersions(client, wanted))].sort(), [
    ["HTTPRoute", "v1"],
    ["Service", "v1"],
    ["TLSRoute", "v1alpha3"],
  ]);
  server.failNext(1, 503, { verb: "raw" });
  await assert.rejects(discoverVersions(client, wanted), /503 Service Unavailable/);
  await client.close();
});
