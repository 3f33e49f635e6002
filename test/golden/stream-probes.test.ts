import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parse } from "yaml";
import type { CompileResult } from "../../src/compile/contract.ts";
import type { StreamRule } from "../../src/ir/routing-model.ts";
import { selectStream, selectTls } from "../../src/ir/select.ts";
import { StubBackends } from "../../src/stand-in/stub-backends.ts";
import { type PlaneFixture, startPlane } from "../plane/plane-fixture.ts";
import { RawClient } from "../plane/raw-client.ts";
import { UdpPeer } from "../plane/udp-peer.ts";
import { compileCase, type GoldenCase, goldenCases } from "./golden-case.ts";

type StreamProbe = {
  readonly name: string;
  readonly connect: {
    readonly protocol: "TCP" | "UDP" | "TLS";
    /** The listener's. */
    readonly port: number;
    /** TLS only. */
    readonly serverName?: string;
  };
  /** `route`: `namespace/name`. */
  readonly expect: { readonly route: string } | { readonly refused: true };
};

/** A ClientHello with nothing but a server name. RFC 8446 section 4.1.2, RFC 6066 section 3. */
function clientHello(serverName: string): Buffer {
  const counted = (width: number, ...parts: readonly Buffer[]): Buffer => {
    const body = Buffer.concat(parts);
    const length = Buffer.alloc(width);
    length.writeUIntBE(body.length, 0, width);
    return Buffer.concat([length, body]);
  };
  const name = counted(2, Buffer.of(0), counted(2, Buffer.from(serverName)));
  const extensions = counted(2, Buffer.of(0, 0), counted(2, name));
  const hello = [Buffer.of(3, 3), Buffer.alloc(32), Buffer.of(0), counted(2, Buffer.of(0x13, 1)), Buffer.of(1, 0)];
  const message = Buffer.concat([Buffer.of(1), counted(3, ...hello, extensions)]);
  return Buffer.concat([Buffer.of(22, 3, 1), counted(2, message)]);
}

/** `namespace/name` of the route that the reference matcher chooses; `""` for none. */
function selected({ routing }: CompileResult, { connect }: StreamProbe): string {
  const { protocol, port, serverName = "" } = connect;
  let rule: StreamRule | undefined;
  if (protocol === "TLS") {
    const selection = selectTls(routing, { port, sni: serverName });
    rule = selection.kind === "stream" ? selection.rule : undefined;
  } else {
    rule = selectStream(routing, { port, protocol })?.listener.rule;
  }
  return rule === undefined ? "" : `${rule.namespace}/${rule.name}`;
}

/** What comes back for the first bytes of a client: the stand-ins echo. */
async function answer(fixture: PlaneFixture, { connect }: StreamProbe, sent: Buffer): Promise<string> {
  const port = fixture.plane.boundPort(connect.port);
  assert.ok(port, `nothing listens for port ${connect.port}`);
  if (connect.protocol === "UDP") {
    await using peer = await UdpPeer.open();
    return await peer.ask(sent, port);
  }
  await using client = await RawClient.connect(port);
  client.socket.end(sent);
  return (await client.ending()).left;
}

function describeCase(golden: GoldenCase, probes: readonly StreamProbe[]): void {
  describe(`stream probes of ${golden.name}`, () => {
    let compiled: CompileResult;
    let fixture: PlaneFixture;
    const stubs = new StubBackends();

    before(async () => {
      compiled = await compileCase(golden);
      const update = { generation: 1, ...compiled, endpoints: await stubs.fill(compiled.routing, {}) };
      fixture = await startPlane(update, { allowedUpstream: ["loopback"] });
    });
    after(async () => {
      await fixture[Symbol.asyncDispose]();
      await stubs[Symbol.asyncDispose]();
    });

    for (const probe of probes) {
      const route = "route" in probe.expect ? probe.expect.route : "";
      test(`${probe.name}: select`, () => assert.equal(selected(compiled, probe), route));

      test(`${probe.name}: embedded plane`, async () => {
        const sent =
          probe.connect.protocol === "TLS" ? clientHello(probe.connect.serverName ?? "") : Buffer.from("hello");
        const got = await answer(fixture, probe, sent);
        assert.equal(got, route === "" ? "" : sent.latin1Slice());
      });
    }
  });
}

for (const golden of goldenCases) {
  const file = join(golden.folder, "stream-probes.yaml");
  if (existsSync(file)) describeCase(golden, parse(readFileSync(file, "utf8")) as StreamProbe[]);
}
