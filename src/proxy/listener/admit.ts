import type { ReceivedRequest } from "../../wire/head/received-request.ts";
import { faultOf } from "../../wire/http1/fault.ts";
import { type ProxyErrorKind, proxyErrors } from "../error.ts";
import type { PortModel } from "../port-model.ts";
import type { RefusedRequest } from "../refusal.ts";
import type { RouteRuntime } from "../route-runtime.ts";
import type { HttpListenerTable } from "../route-table.ts";
import type { ConnectionOwner, ConnectionSecurity } from "./downstream-connection.ts";

/** What the access log and the counter of refused requests are told of one: malformed, above a limit, late, for another connection. */
export type RefusalFlag = "DPE" | "DL" | "DT" | "MR" | "UPE";

/** A request that may be routed. */
export type Admitted = {
  readonly kind: "admitted";
  /** As it is matched. */
  readonly path: string;
  readonly model: PortModel;
  /** The listener that the connection is for; `undefined` on a clear connection. */
  readonly listener: HttpListenerTable<RouteRuntime> | undefined;
};

/** A request that may not, and how it is answered. */
export type Refused = {
  readonly kind: "refused";
  readonly status: number;
  readonly flag: RefusalFlag;
  /** For the client. */
  readonly message: string;
  readonly request: RefusedRequest;
};

/** The connection that a request came on. */
export type AdmittingConnection = {
  readonly owner: ConnectionOwner;
  /** `undefined`: a clear connection. */
  readonly security: ConnectionSecurity | undefined;
};

/**
 * What is checked of every request before routing, whatever protocol it came in: that readers agree on its path, that its
 * body is not announced above the limit, and that a listener is there for its connection. Names the server of a resumed TLS
 * session by the request's host when the session did not tell it.
 */
export function admit(received: ReceivedRequest, { owner, security }: AdmittingConnection): Admitted | Refused {
  const { context, model } = owner;
  const path = received.path();
  if (typeof path === "number") return refusalOf(path, describe(received, ""));
  if (received.contentLength > context.limits.requestBodyBytes) return refused("bodyTooLarge", received, path);
  if (security === undefined) return { kind: "admitted", path, model, listener: undefined };
  security.serverName ??= received.host;
  const listener = owner.tlsListener(security, model);
  if (listener === undefined) return refused("misdirected", received, path);
  return { kind: "admitted", path, model, listener };
}

/** How a request is refused for a fault of its head; `code` is the codec's. */
export function refusalOf(code: number, request: RefusedRequest): Refused {
  const { status, reason } = faultOf(code);
  const isLimit = status === 413 || status === 414 || status === 431;
  return { kind: "refused", status, flag: isLimit ? "DL" : "DPE", message: reason, request };
}

function refused(kind: "bodyTooLarge" | "misdirected", received: ReceivedRequest, path: string): Refused {
  const { status, flag, message } = proxyErrors[kind satisfies ProxyErrorKind];
  return { kind: "refused", status, flag, message, request: describe(received, path) };
}

function describe({ method, host }: ReceivedRequest, path: string): RefusedRequest {
  return { method, hostname: host, path };
}
