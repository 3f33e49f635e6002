import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/** How the first message of a TLS client goes out. */
export type HelloShape =
  /** Each byte by itself. */
  | { readonly kind: "drip" }
  /** As records of so many bytes. */
  | { readonly kind: "records"; readonly bytes: number };

/** A socket for `tls.connect` that reshapes the ClientHello and passes everything else on. */
export function shapeHello(socket: Socket, shape: HelloShape): Duplex {
  let first = true;
  const duplex = new Duplex({
    allowHalfOpen: true,
    read: () => socket.resume(),
    write(chunk: Buffer, _encoding, done) {
      if (!first) {
        socket.write(chunk, done);
        return;
      }
      first = false;
      const bytes = shape.kind === "drip" ? chunk : splitRecord(chunk, shape.bytes);
      const step = shape.kind === "drip" ? 1 : bytes.length;
      const send = (at: number): void => {
        if (at >= bytes.length) done();
        else socket.write(bytes.subarray(at, at + step), () => setImmediate(send, at + step));
      };
      send(0);
    },
    final(done) {
      socket.end(done);
    },
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket.on("data", (chunk) => {
    if (!duplex.push(chunk)) socket.pause();
  });
  socket.on("end", () => duplex.push(null));
  socket.on("error", (error) => duplex.destroy(error));
  return duplex;
}

/** One handshake record as several. */
export function splitRecord(record: Buffer, size: number): Buffer {
  const message = record.subarray(5);
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    parts.push(Buffer.of(22, 3, 1, part.length >> 8, part.length & 255), part);
  }
  return Buffer.concat(parts);
}
