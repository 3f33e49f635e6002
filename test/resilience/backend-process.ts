/** A backend in a process of its own that behaves as it is told: `fork` it, send a {@link Behaviour}, ask with `count`. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What it does with every request, those of health checks too. */
export type Behaviour = "answer" | "status500" | "status503" | "reset" | "stall";

/** How many requests it had since it was last asked. */
export type Counts = { readonly requests: number; readonly checks: number };

export type ToBackend = Behaviour | "count";
export type FromBackend = { readonly port: number } | { readonly counts: Counts };

let behaviour: Behaviour = "answer";
let requests = 0;
let checks = 0;

const server = createServer((request, response) => {
  if (request.url === "/healthz") checks++;
  else requests++;
  switch (behaviour) {
    case "answer":
      response.setHeader("x-backend", String((server.address() as AddressInfo).port)).end("ok");
      return;
    case "status500":
    case "status503":
      response.writeHead(Number(behaviour.slice("status".length))).end();
      return;
    case "reset":
      request.socket.resetAndDestroy();
      return;
    case "stall":
  }
});

const tell = (message: FromBackend) => process.send?.(message);

process.on("message", (message: ToBackend) => {
  if (message === "count") {
    tell({ counts: { requests, checks } });
    requests = 0;
    checks = 0;
  } else behaviour = message;
});
process.on("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => tell({ port: (server.address() as AddressInfo).port }));
