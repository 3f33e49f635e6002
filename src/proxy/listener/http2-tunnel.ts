import { randomBytes } from "node:crypto";
import { webSocketAccept } from "../../wire/websocket.ts";
import type { RelayedResponse } from "../responder.ts";

/** A tunnel that a client asks for on one stream: a WebSocket. RFC 8441. */
export class Http2Tunnel {
  /**
   * `asked`: the backend has not answered. `open`: bytes pass both ways. `refused`: what the client sends for the tunnel is
   * thrown away.
   */
  state: "asked" | "open" | "refused" = "asked";
  /** Sec-WebSocket-Key of the request to the backend: HTTP/2 has none of its own. */
  readonly key = randomBytes(16).toString("base64");
  /** What the client sent before the backend agreed to the tunnel: at most a window. */
  #early: Buffer[] = [];

  /** Keeps a copy of what the client sent before the backend agreed. */
  hold(bytes: Buffer, start: number, end: number): void {
    this.#early.push(Buffer.from(bytes.subarray(start, end)));
  }

  /** Opens the tunnel; returns what the client sent before. */
  open(): readonly Buffer[] {
    const early = this.#early;
    this.state = "open";
    this.#early = [];
    return early;
  }

  refuse(): void {
    this.state = "refused";
    this.#early = [];
  }

  /** The backend's answer shows that it understood the handshake. */
  isAgreed({ head }: RelayedResponse): boolean {
    return head.header("sec-websocket-accept") === webSocketAccept(this.key);
  }
}
