import { createServer } from "node:http";

/** Port of the authorisation servers. */
export const authPort = 9000;

/**
 * An authorisation server over HTTP: admits who says `authorization: let me in`, refuses everybody else with a page. Tells what
 * it was asked in `x-auth-saw`, and whom it took the client for in `x-auth-user`.
 */
export function serveHttpAuth(): void {
  createServer((request, response) => {
    const seen = `${request.method} ${request.url} team=${request.headers["x-team"] ?? ""}`;
    if (request.headers.authorization === "let me in") {
      response.writeHead(200, { "x-auth-user": "ann", "x-auth-saw": seen }).end();
    } else {
      response.writeHead(401, { "www-authenticate": "Basic", "x-auth-saw": seen }).end("who are you?");
    }
  }).listen(authPort);
}
