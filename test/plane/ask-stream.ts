import { connect } from "node:net";
import { RawClient } from "./raw-client.ts";

/** What a TCP connection gets until it ends; `reset` may come as early as while connecting. */
export async function askStream(port: number): Promise<string> {
  await using client = new RawClient(connect({ port, host: "127.0.0.1" }));
  const { how, left } = await client.ending();
  return how === "reset" ? "reset" : left;
}
