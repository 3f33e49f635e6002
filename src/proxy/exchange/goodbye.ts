import { goingAwayFrame, WebSocketBoundary } from "../../wire/websocket.ts";
import type { Responder } from "../responder.ts";

/**
 * How an upgraded connection is ended when the gateway goes away: a client of a WebSocket is told so between two frames, so
 * that it connects again at once and takes nothing for cut off. Other protocols have no word for it. RFC 6455 section 7.4.1.
 */
export class Goodbye {
  #webSocket: WebSocketBoundary | undefined;

  /** A connection was upgraded; `protocol` is the value of its Upgrade. */
  begin(protocol: string): void {
    this.#webSocket = protocol.toLowerCase() === "websocket" ? new WebSocketBoundary() : undefined;
  }

  /** Bytes pass to the client. */
  follow(bytes: Buffer, start: number, end: number): void {
    this.#webSocket?.push(bytes, start, end);
  }

  /** Says it, once; not where a frame is under way, or where the backend has said it. */
  say(responder: Responder): void {
    if (this.#webSocket?.open !== true) return;
    this.follow(goingAwayFrame, 0, goingAwayFrame.length);
    responder.sendBody(goingAwayFrame, 0, goingAwayFrame.length);
    responder.flush();
  }
}
