import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { frameLimitBytes, opcode, parseFrame, renderFrame } from "./websocket-frames.ts";

const handshakeSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * Answers an upgrade to WebSocket and echoes every message; anything else gets 400 (RFC 6455 section 4.2).
 * Memory is bounded by one frame for each connection: reading stops while the client does not read its echo.
 */
export function echoWebSocket(request: IncomingMessage, socket: Duplex, early: Buffer): void {
  const key = request.headers["sec-websocket-key"];
  if (request.headers.upgrade?.toLowerCase() !== "websocket" || typeof key !== "string" || request.method !== "GET") {
    socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    return;
  }
  const accept = createHash("sha1")
    .update(key + handshakeSuffix)
    .digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
  );
  socket.on("error", () => socket.destroy());
  socket.on("end", () => socket.end());
  socket.on("drain", () => socket.resume());

  let held: Buffer = Buffer.alloc(0);
  const receive = (chunk: Buffer): void => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    while (!socket.writableEnded) {
      const parsed = parseFrame(held);
      if (!parsed) break;
      if ("closeCode" in parsed) {
        closeWith(socket, closePayload(parsed.closeCode));
        return;
      }
      held = held.subarray(parsed.size);
      const { frame } = parsed;
      if (frame.opcode === opcode.close) closeWith(socket, frame.payload.subarray(0, 2));
      else if (frame.opcode !== opcode.pong) {
        const answer = frame.opcode === opcode.ping ? opcode.pong : frame.opcode;
        if (!socket.write(renderFrame({ ...frame, opcode: answer }))) socket.pause();
      }
    }
    if (held.length > frameLimitBytes + 14) socket.destroy();
  };
  socket.on("data", receive);
  if (early.length > 0) receive(early);
}

function closePayload(code: number): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code, 0);
  return payload;
}

function closeWith(socket: Duplex, payload: Buffer): void {
  socket.end(renderFrame({ final: true, opcode: opcode.close, payload }));
}
