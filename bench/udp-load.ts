/**
 * Load for `bench/udp.ts`: `node bench/udp-load.ts --echo PORT` answers datagrams; `--port PORT --clients 64 --seconds 4` keeps
 * one datagram of each client under way and prints how many were answered and lost.
 */
import { createSocket } from "node:dgram";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    echo: { type: "string" },
    port: { type: "string", default: "0" },
    clients: { type: "string", default: "64" },
    seconds: { type: "string", default: "4" },
  },
});
/** A datagram that is not answered for this long is lost. */
const lostMs = 500;
const bytes = Buffer.alloc(64, 1);

if (values.echo !== undefined) {
  const socket = createSocket("udp4");
  socket.on("message", (message, from) => socket.send(message, from.port, from.address));
  socket.bind(Number(values.echo), "127.0.0.1");
} else {
  let answered = 0;
  let lost = 0;
  const clients = Array.from({ length: Number(values.clients) }, () => {
    const socket = createSocket("udp4");
    const client = { socket, sentMs: 0, send: () => {} };
    socket.on("error", () => {});
    socket.on("message", () => {
      answered++;
      client.send();
    });
    client.send = () => {
      client.sentMs = performance.now();
      socket.send(bytes);
    };
    socket.connect(Number(values.port), "127.0.0.1", () => client.send());
    return client;
  });
  const watch = setInterval(() => {
    for (const client of clients) {
      if (performance.now() - client.sentMs < lostMs) continue;
      lost++;
      client.send();
    }
  }, 100);
  setTimeout(() => {
    clearInterval(watch);
    for (const { socket } of clients) socket.close();
    console.log(JSON.stringify({ answered, lost }));
  }, Number(values.seconds) * 1000);
}
