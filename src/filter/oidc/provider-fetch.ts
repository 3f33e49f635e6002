import { HeadWriter } from "../../wire/http1/serialize.ts";
import type { FilterServices } from "../contract/build.ts";
import type { UpstreamCluster } from "../contract/endpoint.ts";
import type { OwnAnswer, OwnRequests } from "../contract/own-request.ts";
import type { WebAnswer, WebRequests } from "../contract/web-request.ts";
import { ProviderError } from "./provider-error.ts";

/** Largest answer of a provider: a configuration, keys or tokens. Bytes. */
const maxAnswerBytes = 256 * 1024;

/** What is sent to a provider; the shape that `oauth4webapi` hands to its `fetch`. */
export type ProviderRequest = {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams | undefined;
};

/** Asks a provider. Rejects, with a {@link ProviderError}, when there is no whole answer in time. Redirects are not followed. */
export type ProviderFetch = (url: string, request: ProviderRequest) => Promise<Response>;

/** By a cluster of the model, which has its own connections and certificates, or by the URL itself. */
export function makeProviderFetch(
  cluster: UpstreamCluster | undefined,
  { requests, web, limits }: Pick<FilterServices, "requests" | "web" | "limits">,
): ProviderFetch {
  const timeoutMs = limits.authTimeoutMs;
  return cluster === undefined ? byUrl(web, timeoutMs) : byCluster(requests, cluster, timeoutMs);
}

function byUrl(web: WebRequests, timeoutMs: number): ProviderFetch {
  return async (url, { method, headers, body }) => {
    const request = {
      url: new URL(url),
      method: method === "POST" ? "POST" : "GET",
      headers,
      body: body?.toString() ?? "",
      timeoutMs,
      maxAnswerBytes,
    } as const;
    const answer = await web.ask(request).catch((error: unknown) => {
      throw new ProviderError("unreachable", error);
    });
    return response(answer);
  };
}

function byCluster(requests: OwnRequests, cluster: UpstreamCluster, timeoutMs: number): ProviderFetch {
  return (url, { method, headers, body }) =>
    new Promise((resolve, reject) => {
      const { pathname, search, host } = new URL(url);
      const content = Buffer.from(body?.toString() ?? "");
      const writer = new HeadWriter(1_024);
      writer.text(`${method} ${pathname}${search} HTTP/1.1`).crlf().field("host", host);
      for (const [name, value] of Object.entries(headers)) writer.field(name, value);
      const head = writer.contentLength(content.length).crlf().take();
      requests.send(
        { method, head, content, acceptsTrailers: false, logsIn: false },
        // Codes and refresh tokens are good for one time.
        { cluster, timeoutMs, maxAnswerBytes, repeatable: method === "GET", client: undefined },
        {
          onAnswer: (answer) => resolve(response(answer)),
          onFailure: (failure) => reject(new ProviderError("unreachable", failure)),
        },
      );
    });
}

function response({ status, headers, content }: Pick<OwnAnswer, keyof WebAnswer & keyof OwnAnswer>): Response {
  const body = status === 204 || status === 304 ? null : new Uint8Array(content);
  return new Response(body, { status, headers: headers.map(([name, value]) => [name, value] as [string, string]) });
}
