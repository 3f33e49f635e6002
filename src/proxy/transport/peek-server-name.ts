import type { Socket } from "node:net";
import { clientHelloLimitBytes, readClientHello } from "../../wire/client-hello.ts";
import type { Deadlines } from "../deadlines.ts";
import type { ProxyLimits } from "../limits.ts";
import { Peek, type PeekOptions, type PeekVerdict } from "./peek.ts";

/** Reads the name of the server that a TLS client asks for (`""`: none) out of its hello, ahead of the handshake. */
export function peekServerName(
  socket: Socket,
  { limits, deadlines }: { readonly limits: Pick<ProxyLimits, "helloTimeoutMs">; readonly deadlines: Deadlines },
  told: Pick<PeekOptions<string>, "onDone" | "onFailed">,
): Peek<string> {
  const { helloTimeoutMs: timeoutMs } = limits;
  return new Peek<string>(socket, { read, limitBytes: clientHelloLimitBytes, timeoutMs, deadlines, ...told });
}

function read(bytes: Buffer): PeekVerdict<string> {
  const result = readClientHello(bytes);
  return result.kind === "hello" ? { kind: "done", value: result.hello.serverName, consumed: 0 } : result;
}
