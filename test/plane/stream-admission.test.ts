import assert from "node:assert/strict";
import { test } from "node:test";
import type { StreamAdmission } from "../../src/ir/authorization.ts";
import { askStream } from "./ask-stream.ts";
import { eventually } from "./eventually.ts";
import { startPlane } from "./plane-fixture.ts";
import { RawUpstream } from "./raw-upstream.ts";
import { buildStreams } from "./stream-model.ts";

const rule = (action: "allow" | "deny", ...clientCidrs: readonly string[]) => ({ action, clientCidrs });

/** What a client of 127.0.0.1 reads, and the flag in the access log. */
async function ask(admission: StreamAdmission): Promise<readonly [read: string, flag: string | undefined]> {
  let asked = 0;
  await using upstream = await RawUpstream.startRaw((socket) => {
    asked++;
    socket.end("served");
  });
  const backends = [{ name: "db", ports: [upstream.port] }];
  await using fixture = await startPlane(buildStreams([{ protocol: "TCP", port: 80, backends, admission }]));
  const read = await askStream(fixture.port);
  await eventually(() => fixture.records.length > 0);
  assert.equal(asked, read === "reset" ? 0 : 1);
  return [read, fixture.records[0]?.responseFlag];
}

test("TCPRoute: the first rule that has the client's address decides, then the default", async () => {
  const served = ["served", "-"];
  const refused = ["reset", "RBAC"];
  assert.deepEqual(await ask({ rules: [rule("allow", "10.0.0.0/8", "127.0.0.0/8")], defaultAction: "deny" }), served);
  assert.deepEqual(await ask({ rules: [rule("allow", "10.0.0.0/8")], defaultAction: "deny" }), refused);
  assert.deepEqual(await ask({ rules: [rule("deny", "127.0.0.1/32")], defaultAction: "allow" }), refused);
  const both = [rule("allow", "127.0.0.1/32"), rule("deny", "127.0.0.0/8")];
  assert.deepEqual(await ask({ rules: both, defaultAction: "deny" }), served);
  assert.deepEqual(await ask({ rules: [], defaultAction: "deny" }), refused);
});
