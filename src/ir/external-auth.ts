import type { ClusterKey } from "./cluster.ts";
import type { SecretKey } from "./tls.ts";

/** Asks an authorisation server whether a request may pass. */
export type ExternalAuth = {
  readonly kind: "externalAuth";
  readonly protocol: "http" | "grpc";
  /** One of them is asked, each as often; if it cannot be reached, the next. None when no reference resolved: every request is refused (fail closed). */
  readonly servers: readonly ClusterKey[];
  /** Asked one after the other when none of {@link ExternalAuth.servers} can be reached. */
  readonly fallbacks: readonly ClusterKey[];
  /** Where it is asked; HTTP only. */
  readonly path: AuthPath;
  /** Request headers sent to the authorisation server, lower case. Empty: those that always go (HTTP), all (gRPC). */
  readonly allowedHeaders: readonly string[];
  /** Headers of a permission that are copied onto the request, lower case; HTTP only. */
  readonly allowedResponseHeaders: "all" | readonly string[];
  /** Headers of a permission that the client's answer gets, lower case; HTTP only. */
  readonly clientHeaders: readonly string[];
  /** Largest body forwarded; 0 means none is. Bytes. */
  readonly forwardBodyBytes: number;
  /** For the answer, whoever gives it. `undefined`: the plane's own limit. Milliseconds. */
  readonly timeoutMs: number | undefined;
  /** What becomes of requests that there is no valid answer for. */
  readonly onFailure: { readonly kind: "refuse"; readonly status: number } | { readonly kind: "admit" };
  /** What an answer of 500 or more is: the client's, or no valid answer. HTTP only. */
  readonly serverErrors: "passed on" | "failures";
  /** Where browsers are sent that the server answers 401; HTTP only. */
  readonly signIn: SignIn | undefined;
  /** `undefined`: every request is asked about anew. HTTP only. */
  readonly cache: AuthCacheSettings | undefined;
  /** What the server is told besides the request; gRPC only. */
  readonly context: readonly ContextExtension[];
  /** The route that the server is told of; gRPC only. `undefined`: none. */
  readonly route: RouteMetadata | undefined;
};

/** `prefix`: stands before the request's path, `""` for none. `fixed`: is asked whatever the request's path is, which headers tell. */
export type AuthPath = { readonly kind: "prefix" | "fixed"; readonly value: string };

export type SignIn = {
  /** A URL, or a path on the request's own host. */
  readonly url: string;
  /** Parameter of the query that gets the address which the browser asked for. */
  readonly parameter: string;
};

export type AuthCacheSettings = {
  /** For how long a permission holds. Milliseconds. */
  readonly ttlMs: number;
  /** Which requests have one permission: those that are the same in all that the server is told, or in host and headers alone. */
  readonly by: "request" | "credentials";
};

export type ContextExtension = {
  readonly name: string;
  readonly value:
    | { readonly kind: "text"; readonly text: string }
    /** An opaque row. */
    | { readonly kind: "secret"; readonly key: SecretKey };
};

export type RouteMetadata = { readonly kind: string; readonly namespace: string; readonly name: string };
