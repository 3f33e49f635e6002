import { createServer, type Server } from "node:net";

/** Every address of the system, in flags. */
export const anyHost = "*";

/** What a server binds for a host as flags write it: {@link anyHost} is {@link anyAddress}, anything else is itself. */
export async function boundHost(host: string): Promise<string> {
  return host === anyHost ? anyAddress() : host;
}

/**
 * The address under which all of the system can be reached: `::`, which takes IPv4 in too, or `0.0.0.0` on a system without
 * IPv6. Found out by listening for a moment, since the kernel can be told to do without IPv6 in several ways.
 */
export async function anyAddress(open: () => Server = createServer): Promise<"::" | "0.0.0.0"> {
  const server = open();
  const { promise, resolve } = Promise.withResolvers<"::" | "0.0.0.0">();
  server.once("error", () => resolve("0.0.0.0"));
  server.listen({ host: "::", port: 0, exclusive: true }, () => {
    server.close(() => resolve("::"));
  });
  return promise;
}
