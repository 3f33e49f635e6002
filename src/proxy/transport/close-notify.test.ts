import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { connect, createSecureContext, TLSSocket } from "node:tls";
import { makeCertificate } from "../../../test/test-certificate.ts";
import { SocketTransport } from "./socket-transport.ts";

const { certPem, keyPem } = makeCertificate({ names: ["backend.test"] });
const secureContext = createSecureContext({ cert: certPem, key: keyPem });

/** Ends with its closing alert, in one write with the text, or with TCP alone. */
type Ending = "close_notify" | "TCP";

/** Sends a text over TLS and ends. */
function sendAndEnd(raw: Socket, text: string, ending: Ending): void {
  const below = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      raw.write(chunk);
      done();
    },
  });
  raw.on("data", (chunk) => below.push(chunk));
  const secure = new TLSSocket(below, { isServer: true, secureContext });
  secure.on("error", () => {});
  secure.once("data", () => {
    raw.cork();
    if (ending === "close_notify") {
      secure.end(text, () => {
        raw.uncork();
        raw.end();
      });
    } else {
      secure.write(text, () => {
        raw.uncork();
        raw.end();
      });
    }
  });
}

for (const ending of ["close_notify", "TCP"] as const) {
  for (const length of [10, 40_000, 300_000]) {
    for (const pauses of ["never pauses", "pauses at its first bytes", "pauses at each of its bytes"] as const) {
      test(`truncated: of a stream of ${length} bytes that ends with ${ending}, to a reader that ${pauses}`, async () => {
        const server = createServer({ allowHalfOpen: true }, (raw) => sendAndEnd(raw, "x".repeat(length), ending));
        server.listen(0, "127.0.0.1");
        await once(server, "listening");
        const { port } = server.address() as AddressInfo;
        const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
        await once(socket, "secureConnect");
        const transport = new SocketTransport(socket, "copy");
        const { promise: ended, resolve } = Promise.withResolvers<void>();
        let received = 0;
        let pausing = pauses !== "never pauses";
        transport.attach(
          {
            onData(_bytes, start, end) {
              received += end - start;
              if (!pausing) return;
              pausing = pauses === "pauses at each of its bytes";
              transport.pause();
              setTimeout(() => transport.resume(), 5);
            },
            onEnd: resolve,
            onDrain() {},
            onClose() {},
          },
          "data",
        );
        transport.write(Buffer.from("go"), 0, 2);
        await ended;
        assert.deepEqual([received, transport.truncated], [length, ending === "TCP"]);
        transport.destroy();
        server.close();
      });
    }
  }
}
