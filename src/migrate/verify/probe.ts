/** A request that could tell two configurations apart. */
import type { SelectRequest } from "../../ir/select.ts";
import { normalizePath } from "../../wire/http1/path.ts";
import type { DifferenceKindName } from "./difference-kinds.ts";

/** What is special about it; a difference in how it is answered is of that kind. */
export type ProbeShape = Extract<
  DifferenceKindName,
  | `path${string}`
  | `host-${string}`
  | "method"
  | "preflight"
  | "canary"
  | "client"
  | "credentials"
  | "forged-headers"
  | "backend-headers"
  | "logged"
>;

export type Probe = {
  readonly shape: ProbeShape;
  readonly scheme: "http" | "https";
  /** As in the Host header, perhaps with a port. */
  readonly host: string;
  readonly method: string;
  /** Path and query as they are sent. */
  readonly target: string;
  /** The path as it is written, of which `target` may be a variation. */
  readonly written: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The client's address. */
  readonly client: string;
  /** How often it came, where it is from a log; else 1. */
  readonly times: number;
};

/** As the routing model sees it at a port; `undefined`: no plane accepts its path. */
export function selectRequestOf(probe: Probe, port: number): SelectRequest | undefined {
  const mark = probe.target.indexOf("?");
  const bytes = Buffer.from(pathOf(probe));
  const normal = normalizePath(bytes, 0, bytes.length);
  if (typeof normal === "number") return undefined;
  const { path, forwardedPath, keptPath, sentPath } = normal;
  const host = hostnameOf(probe);
  const headers: Record<string, string> = {};
  for (const [name, value] of probe.headers) {
    const key = name.toLowerCase();
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  return {
    port,
    scheme: probe.scheme,
    ...(probe.scheme === "https" ? { sni: host } : {}),
    host,
    method: probe.method,
    path,
    ...(sentPath === path ? {} : { spelling: { forwardedPath, keptPath, sentPath } }),
    query: mark < 0 ? "" : probe.target.slice(mark + 1),
    headers,
  };
}

/** The path as it is sent, without a query. */
export function pathOf({ target }: Pick<Probe, "target">): string {
  const mark = target.indexOf("?");
  return mark < 0 ? target : target.slice(0, mark);
}

/** The Host without its port. */
export function hostnameOf({ host }: Pick<Probe, "host">): string {
  return host.replace(/:\d+$/, "").toLowerCase();
}

/** The request as a line for a shell. `GATEWAY` stands for the address of either side. */
export function curlOf(probe: Probe): string {
  const { scheme, host, method, target, headers } = probe;
  const hostname = hostnameOf(probe);
  const port = scheme === "https" ? 443 : 80;
  const words = ["curl", "-ik", "--path-as-is"];
  if (method === "HEAD") words.push("-I");
  else if (method !== "GET") words.push("-X", method);
  words.push("--resolve", quote(`${hostname}:${port}:$GATEWAY`));
  if (host !== hostname) words.push("-H", quote(`Host: ${host}`));
  for (const [name, value] of headers) words.push("-H", quote(`${name}: ${value}`));
  words.push(quote(`${scheme}://${hostname}${target}`));
  return words.join(" ");
}

/** In double quotes, so that `$GATEWAY` is filled in; nothing else of the shell's is. */
function quote(text: string): string {
  const escaped = text.replace(/["\\`]/g, "\\$&").replace(/\$(?!GATEWAY\b)/g, "\\$");
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `"${escaped}"`;
}
