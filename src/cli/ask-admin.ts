import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { json } from "node:stream/consumers";
import type { ErrorAnswer } from "../admin/api.ts";
import { reasonOf, UsageError } from "../base/usage-error.ts";

const deadlineMs = 10_000;

/**
 * Asks a running instance's admin endpoint. `address` is `host:port` or a URL; `token` goes with the question. Throws
 * {@link UsageError} when nothing answers, or with what the endpoint says is wrong with the question.
 */
export async function askAdmin(address: string, target: string, token: string | undefined): Promise<object> {
  const base = URL.parse(address.includes("://") ? address : `http://${address}`);
  if (base?.protocol !== "http:") {
    throw new UsageError(`"${address}" is not the URL of an admin endpoint, such as http://127.0.0.1:9900.`);
  }
  let body: unknown;
  try {
    // Not fetch: it refuses some ports that an admin endpoint may well have.
    const request = get(new URL(target, base), {
      signal: AbortSignal.timeout(deadlineMs),
      agent: false,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    body = await json(response);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`${base.host} is not the admin endpoint of Sluice.`);
    throw new UsageError(
      `${base.host} cannot be reached: ${reasonOf(error)}. Is Sluice running with --admin ${base.host}?`,
    );
  }
  if (typeof body !== "object" || body === null)
    throw new UsageError(`${base.host} is not the admin endpoint of Sluice.`);
  if ("error" in body) {
    const { error, fix } = body as ErrorAnswer;
    throw new UsageError(`${error} ${fix}`);
  }
  return body;
}
