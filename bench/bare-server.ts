/**
 * A server of Node alone, for what a connection costs before anything is done with it: answers GET, and reads no more than the
 * first bytes of anything else. `node bench/bare-server.ts --port 8080 [--certificate FILE --key FILE]`.
 */
import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { parseArgs } from "node:util";
import { tellHeldMemory } from "./held-memory.ts";

const { values } = parseArgs({
  options: { port: { type: "string" }, certificate: { type: "string" }, key: { type: "string" } },
});
const { port, certificate, key } = values;
const answer = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");

function serve(socket: Socket): void {
  socket.on("error", () => {});
  socket.on("data", (bytes: Buffer) => {
    if (bytes.latin1Slice(0, 3) === "GET") socket.write(answer);
    else socket.pause();
  });
}

const server =
  certificate === undefined || key === undefined
    ? createServer(serve)
    : createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, serve);
server.listen(Number(port), "127.0.0.1", () => console.log("listening"));
tellHeldMemory(() => 0);
