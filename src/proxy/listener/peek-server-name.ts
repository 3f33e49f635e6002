import type { Socket } from "node:net";
import { clientHelloLimitBytes, readClientHello } from "../../wire/client-hello.ts";
import type { PlaneContext } from "../plane-context.ts";
import { Peek, type PeekOptions, type PeekVerdict } from "./peek.ts";

/** Reads the name of the server that a TLS client asks for (`""`: none) out of its hello, ahead of the handshake. */
export function peekServerName(
  socket: Socket,
  { limits, deadlines }: Pick<PlaneContext, "limits" | "deadlines">,
  told: Pick<PeekOptions<string>, "onDone" | "onFailed">,
): Peek<string> {
  const { helloTimeoutMs: timeoutMs } = limits;
  return new Peek<string>(socket, { read, limitBytes: clientHelloLimitBytes, timeoutMs, deadlines, ...told });
}

function read(bytes: Buffer): PeekVerdict<string> {
  const result = readClientHello(bytes);
  return result.kind === "hello" ? { kind: "done", value: result.hello.serverName, consumed: 0 } : result;
}
