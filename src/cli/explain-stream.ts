import { UsageError } from "../base/usage-error.ts";
import type { EndpointTable } from "../ir/endpoint-table.ts";
import { type ConnectionExplanation, explainConnection } from "../ir/explain-connection.ts";
import type { RoutingModel } from "../ir/routing-model.ts";
import type { FlagValues } from "./flags.ts";

const protocols = { tls: "TLS", tcp: "TCP", udp: "UDP" } as const;

/** Schemes of `--scheme` and `--url` that stand for a connection and not for a request. */
export type StreamScheme = keyof typeof protocols;

const isStreamScheme = (scheme: string | undefined): scheme is StreamScheme =>
  scheme !== undefined && Object.hasOwn(protocols, scheme);

/** The scheme that the flags ask about; `undefined` when it is one of HTTP. */
export function streamScheme(flags: FlagValues): StreamScheme | undefined {
  const scheme = flags.scheme ?? URL.parse(flags.url ?? "")?.protocol.slice(0, -1);
  return isStreamScheme(scheme) ? scheme : undefined;
}

/** Where a connection of this scheme goes; the port stands in `--port` or `--url`, the server name in `--host` or `--url`. */
export function explainStream(
  scheme: StreamScheme,
  flags: FlagValues,
  model: { readonly routing: RoutingModel; readonly endpoints: EndpointTable | undefined },
): ConnectionExplanation {
  const url = URL.parse(flags.url ?? "");
  const port = flags.port ?? (url?.port ? Number(url.port) : undefined);
  if (port === undefined) throw new UsageError(`Give the listener's port, such as --scheme ${scheme} --port 5432.`);
  const host = (flags.host ?? url?.hostname ?? "").toLowerCase();
  const sni = scheme === "tls" && host !== "" ? { sni: host } : {};
  const known = model.endpoints === undefined ? {} : { endpoints: model.endpoints };
  return explainConnection(model.routing, { protocol: protocols[scheme], port, ...sni }, known);
}

/** For people: the sentence, then one line a backend. */
export function renderStream({ sentence, backends }: ConnectionExplanation): string {
  const lines = backends.map(({ name, percent }) => `  to ${percent}% ${name}`);
  return `${[sentence, ...lines].join("\n")}\n`;
}
