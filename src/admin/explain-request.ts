import type { RoutingModel } from "../ir/routing-model.ts";
import type { SelectRequest } from "../ir/select.ts";
import { AdminError, type Parameters } from "./parameters.ts";

export const explainParameters = ["host", "path", "method", "header", "port", "scheme", "sni"] as const;

/** The forms of a path as it is matched and forwarded, or why such a request is refused before it is matched. */
export type PathForms =
  | Pick<SelectRequest, "path" | "spelling">
  | { readonly status: number; readonly reason: string; readonly rule: string };

type ExplainScope = {
  readonly model: RoutingModel;
  readonly normalizePath: (path: string) => PathForms;
};

/**
 * The request that the parameters of `/explain` describe. Defaults: GET, `/`, `http`, the scheme's own port, or the only
 * port of the model that serves the scheme. Throws {@link AdminError} for values that no request can have.
 */
export function readExplainRequest(parameters: Parameters, { model, normalizePath }: ExplainScope): SelectRequest {
  const scheme = parameters.choice("scheme", ["http", "https"]) ?? "http";
  const host = (parameters.text("host") ?? "").toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");
  const target = parameters.text("path") ?? "/";
  if (!target.startsWith("/")) throw new AdminError(400, "The path does not begin with a slash.", "Give path=/…");
  const mark = target.indexOf("?");
  const path = normalizePath(mark < 0 ? target : target.slice(0, mark));
  if ("reason" in path) {
    throw new AdminError(
      400,
      `The response is ${path.status}, before any route is matched: ${path.reason} (${path.rule}).`,
      "Remove invalid escapes, backslashes, /.. above the root and escaped slashes beside dot segments.",
    );
  }
  const sni = parameters.text("sni") ?? (scheme === "https" ? host : undefined);
  return {
    port: readPort(parameters) ?? defaultPort(scheme, model),
    scheme,
    ...(sni ? { sni: sni.toLowerCase() } : {}),
    host,
    method: parameters.text("method") ?? "GET",
    ...path,
    query: mark < 0 ? "" : target.slice(mark + 1),
    headers: readHeaders(parameters.all("header")),
  };
}

function readPort(parameters: Parameters): number | undefined {
  const text = parameters.text("port");
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535)
    throw new AdminError(400, "The port is not a number from 1 to 65535.", "Give port=80.");
  return port;
}

function defaultPort(scheme: "http" | "https", model: RoutingModel): number {
  const usual = scheme === "http" ? 80 : 443;
  const protocol = scheme === "http" ? "HTTP" : "HTTPS";
  const listeners = model.gateways.flatMap((gateway) => gateway.listeners);
  const ports = new Set(listeners.filter((listener) => listener.protocol === protocol).map(({ port }) => port));
  const [only] = ports;
  return ports.size === 1 && only !== undefined ? only : usual;
}

function readHeaders(lines: readonly string[]): Readonly<Record<string, string>> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name)) {
      throw new AdminError(400, "A header is not written as name:value.", "Give header=x-canary:true.");
    }
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(headers);
}
