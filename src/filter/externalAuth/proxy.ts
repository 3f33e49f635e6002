import type { BuildFilter } from "../contract/build.ts";
import type { FilterExchange } from "../contract/exchange.ts";
import { onResponse, type RequestContentHook, type RequestHook } from "../contract/hook.ts";
import { AuthCall } from "./auth-call.ts";
import { type AuthServer, makeAuthServer } from "./auth-server.ts";
import { applyAuthHeaders } from "./auth-verdict.ts";
import type { Permissions } from "./permissions.ts";

const noContent = Buffer.alloc(0);

/**
 * Asks an authorisation server whether the request may pass, and carries out what it says. Behind it no trailers of clients
 * pass: the server saw none of them. Spec: HTTPExternalAuthFilter (GEP-1494).
 */
export const buildExternalAuth: BuildFilter<"externalAuth", Permissions | undefined> = (filter, services, previous) => {
  const server = makeAuthServer(filter, services, previous);
  const addHeaders = onResponse((response, { state }) => {
    if (state instanceof AuthCall && state.responseHeaders.length > 0) {
      applyAuthHeaders(response, state.responseHeaders);
    }
    return undefined;
  });
  const asks = filter.forwardBodyBytes > 0 ? askWithContent(server) : askWithHead(server);
  return { hooks: [asks, addHeaders], claimedTrailers: "all", carried: server.cache };
};

function askWithHead(server: AuthServer): RequestHook {
  return {
    phase: "request",
    onRequest: (request, exchange) => {
      const call = new AuthCall(server, request, exchange);
      exchange.state = call;
      return call.ask(noContent);
    },
    cancel,
  };
}

function askWithContent(server: AuthServer): RequestContentHook {
  return {
    phase: "requestContent",
    above: "refuse",
    maxBytes: server.filter.forwardBodyBytes,
    onContent: (content, request, exchange) => {
      const call = new AuthCall(server, request, exchange);
      exchange.state = call;
      return call.ask(content.bytes);
    },
    cancel,
  };
}

function cancel({ state }: FilterExchange): void {
  if (state instanceof AuthCall) state.cancel();
}
