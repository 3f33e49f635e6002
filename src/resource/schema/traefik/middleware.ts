import { z } from "zod";
import type { DeepReadonly } from "../../deep-readonly.ts";
import { listOf } from "../list.ts";
import { optional } from "../optional.ts";
import { basicAuth, digestAuth, forwardAuth, passTlsClientCert } from "./clients.ts";
import { headers } from "./headers.ts";
import { buffering, circuitBreaker, inFlightReq, ipAllowList, rateLimit, retry } from "./limits.ts";
import { count, foreign, middlewareService, word, words } from "./values.ts";

/**
 * Traefik's Middleware, as routes refer to it by extensionRef: every field of its release 3.7. One of the fields is set. Limits are
 * Sluice's where Traefik has none. Spec: MiddlewareSpec of traefik.io/v1alpha1.
 */
export const middlewareSpec = z.object({
  addPrefix: optional(
    z.object({ prefix: optional(word, "What is put before the path.") }),
    "Puts a prefix before the path.",
  ),
  basicAuth: optional(basicAuth, "Asks for a user and a password."),
  buffering: optional(buffering, "Holds whole requests and responses."),
  chain: optional(
    z.object({
      middlewares: optional(
        listOf(z.object({ name: word.describe("Its name."), namespace: optional(word, "Its namespace.") }), {
          max: 64,
        }),
        "Middlewares, in their order.",
      ),
    }),
    "Several Middlewares, one after the other.",
  ),
  circuitBreaker: optional(circuitBreaker, "Sends no requests to a backend that fails."),
  compress: optional(
    z.object({
      excludedContentTypes: optional(words, "Media types that are not compressed."),
      includedContentTypes: optional(words, "The only media types that are."),
      minResponseBodyBytes: optional(count, "Content of fewer bytes is not compressed. Default: 1024."),
      encodings: optional(words, "Encodings. Default: gzip, br and zstd."),
      defaultEncoding: optional(word, "Encoding for clients that name none."),
    }),
    "Compresses responses.",
  ),
  contentType: optional(
    z.object({ autoDetect: optional(z.boolean(), "Of earlier releases.") }),
    "Finds out Content-Type where a backend does not tell.",
  ),
  digestAuth: optional(digestAuth, "Asks for a user by HTTP digest."),
  encodedCharacters: optional(foreign, "Escapes that paths may have."),
  errors: optional(
    z.object({
      status: optional(words, "Statuses, such as 404 or 500-599."),
      statusRewrites: optional(z.record(z.string(), z.int()), "Other statuses in their place."),
      service: optional(middlewareService, "Service with the pages."),
      query: optional(word, "Path of a page; {status} and {url} are filled in."),
      errorRequestHeaders: optional(words, "Headers of the request that it is sent."),
    }),
    "Takes pages for errors from a Service.",
  ),
  forwardAuth: optional(forwardAuth, "Asks another server whether a request may pass."),
  grpcWeb: optional(z.object({ allowOrigins: optional(words, "Origins that may call.") }), "Translates gRPC-Web."),
  headers: optional(headers, "Changes headers."),
  inFlightReq: optional(inFlightReq, "Limits the requests at a time."),
  ipAllowList: optional(ipAllowList, "Lets in clients by address."),
  ipWhiteList: optional(ipAllowList.omit({ rejectStatusCode: true }), "The same, in earlier releases."),
  passTLSClientCert: optional(passTlsClientCert, "Tells the backend the client's certificate."),
  plugin: optional(foreign, "A plugin of Traefik's."),
  rateLimit: optional(rateLimit, "Limits the requests in a time."),
  redirectRegex: optional(
    z.object({
      regex: optional(word, "Regular expression for the URL."),
      replacement: optional(word, "What takes its place; $1 stands for the first group."),
      permanent: optional(z.boolean(), "301 or 308, not 302 or 307."),
    }),
    "Redirects URLs that match.",
  ),
  redirectScheme: optional(
    z.object({
      scheme: optional(word, "Scheme of the new URL."),
      port: optional(word, "Port of the new URL."),
      permanent: optional(z.boolean(), "301 or 308, not 302 or 307."),
      forcePermanentRedirect: optional(z.boolean(), "308, whatever the method."),
    }),
    "Redirects to another scheme or port.",
  ),
  replacePath: optional(z.object({ path: optional(word, "The new path.") }), "Replaces the path."),
  replacePathRegex: optional(
    z.object({
      regex: optional(word, "Regular expression for the path."),
      replacement: optional(word, "What takes the place of matches; $1 stands for the first group."),
    }),
    "Replaces what matches in the path.",
  ),
  retry: optional(retry, "Asks again when there is no answer."),
  stripPrefix: optional(
    z.object({
      prefixes: optional(words, "The first that fits is removed."),
      forceSlash: optional(z.boolean(), "Of earlier releases."),
    }),
    "Removes a prefix from the path.",
  ),
  stripPrefixRegex: optional(
    z.object({ regex: optional(words, "The first that fits at the beginning is removed.") }),
    "Removes a prefix that matches from the path.",
  ),
  tap: optional(foreign, "Copies requests and responses to a Service."),
});

export type MiddlewareSpec = DeepReadonly<z.output<typeof middlewareSpec>>;
