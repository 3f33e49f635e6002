import { createServer } from "node:http";

/** Port of the server that is never available. */
export const unavailablePort = 9000;

/** Answers 503 to everything and counts by path; `GET /count?path=P` tells how often P was asked for. */
export function serveUnavailable(): void {
  const counts = new Map<string, number>();
  createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://unavailable");
    if (pathname === "/count") {
      response.end(String(counts.get(searchParams.get("path") ?? "") ?? 0));
      return;
    }
    counts.set(pathname, (counts.get(pathname) ?? 0) + 1);
    response.writeHead(503).end("not now");
  }).listen(unavailablePort);
}
