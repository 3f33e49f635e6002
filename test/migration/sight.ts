/** What reached a backend, as the recording writes it. */
import { clientAddress, sentHeaders, splitUrl } from "./client.ts";
import type { SeenRequest } from "./echo-backend.ts";
import type { ServiceAddresses } from "./served-manifests.ts";
import type { Sight, TruthRequest } from "./truth-case.ts";

/** Headers of a connection, which no recording lists as added or removed. */
const ofConnection: ReadonlySet<string> = new Set([
  "host",
  "connection",
  "keep-alive",
  "te",
  "transfer-encoding",
  "content-length",
  "upgrade",
  "trailer",
  "http2-settings",
]);

/** The requests of one exchange: those at the auth service, and those at backends, where repeated ones are one with `attempts`. */
export type Sights = { readonly auth: readonly Sight[]; readonly backends: readonly Sight[] };

export function sightsOf(
  seen: readonly SeenRequest[],
  request: TruthRequest,
  services: readonly ServiceAddresses[],
): Sights {
  const auth = seen.filter(({ url }) => url.startsWith("/auth-svc/"));
  const groups = new Map<string, SeenRequest[]>();
  for (const one of seen) {
    if (auth.includes(one)) continue;
    const key = [serviceAt(one.address, services).service, one.port, one.method, one.url].join(" ");
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return {
    auth: auth.map((one) => ({ ...place(one, services), ...authHeaders(one, request) })),
    backends: [...groups.values()].map((attempts) => backendSight(attempts, request, services)),
  };
}

/** The label of the backend that answered: its Service, and which endpoint when there are several. */
export function endpointLabel({ address }: SeenRequest, services: readonly ServiceAddresses[]): string {
  const found = serviceAt(address, services);
  const number = found.endpoints.indexOf(address) + 1;
  return found.endpoints.length > 1 && number > 0 ? `${found.service}#${number}` : found.service;
}

function backendSight(
  attempts: readonly SeenRequest[],
  request: TruthRequest,
  services: readonly ServiceAddresses[],
): Sight {
  const last = attempts[attempts.length - 1] as SeenRequest;
  if (last.refusedLine !== undefined) {
    const { service, via, port } = place(last, services);
    return {
      ...(service ? { service } : {}),
      ...(via ? { via } : {}),
      ...(port ? { port } : {}),
      notAValidRequest: last.refusedLine,
    };
  }
  const addresses = new Set(attempts.map(({ address }) => address));
  return {
    ...place(last, services),
    ...(last.httpVersion === "1.1" ? {} : { http: last.httpVersion }),
    ...(last.bodyBytes > 0 ? { bodyBytes: last.bodyBytes } : {}),
    ...(attempts.length > 1 ? { attempts: attempts.length } : {}),
    ...(attempts.length > 1 && serviceAt(last.address, services).endpoints.length > 1
      ? { differentEndpoints: addresses.size }
      : {}),
    ...(last.aborted ? { aborted: true } : {}),
    ...(last.tls ? { tls: last.tls } : {}),
    ...(request.showHeaders ? { headers: listHeaders(last) } : headerChanges(last, request)),
  };
}

function place(seen: SeenRequest, services: readonly ServiceAddresses[]): Sight {
  const { service, clusterAddress } = serviceAt(seen.address, services);
  const host = seen.headers.find(([name]) => /^(host|:authority)$/i.test(name))?.[1] ?? null;
  return {
    service,
    ...(seen.address === clusterAddress ? { via: "cluster IP" } : {}),
    port: seen.port,
    method: seen.method,
    path: seen.url,
    host,
  };
}

function serviceAt(address: string, services: readonly ServiceAddresses[]): ServiceAddresses {
  const found = services.find(
    ({ clusterAddress, endpoints }) => clusterAddress === address || endpoints.includes(address),
  );
  if (!found) throw new Error(`no Service of the case is at ${address}`);
  return found;
}

/** All headers, in their order; random ones as the recording writes them. */
function listHeaders({ headers }: SeenRequest): readonly string[] {
  return headers
    .filter(([name]) => !name.startsWith(":") || name === ":authority")
    .map(([name, value]) => `${name === ":authority" ? "host" : name}: ${withoutChance(value)}`);
}

function withoutChance(value: string): string {
  return /^[0-9a-f]{32}$/.test(value) ? "<hex32>" : value;
}

/** Headers that ingress-nginx always sets, with the values that are not worth a line. */
function standardHeaders(request: TruthRequest): ReadonlyMap<string, string> {
  const { scheme, host } = splitUrl(request.url);
  const from = clientAddress(request);
  return new Map([
    ["x-request-id", "<hex32>"],
    ["x-real-ip", from],
    ["x-forwarded-for", from],
    ["x-forwarded-host", host],
    ["x-forwarded-port", scheme === "https" ? "443" : "80"],
    ["x-forwarded-proto", scheme],
    ["x-forwarded-scheme", scheme],
    ["x-scheme", scheme],
  ]);
}

function headerChanges(seen: SeenRequest, request: TruthRequest): Partial<Sight> {
  const standard = standardHeaders(request);
  const sent = new Map(sentHeaders(request).map(([name, value]) => [name.toLowerCase(), value]));
  const got = joined(seen);
  const added: [string, string][] = [];
  const changed: [string, string][] = [];
  for (const [name, value] of got) {
    if (ofConnection.has(name) || standard.get(name) === value || sent.get(name) === value) continue;
    if (sent.has(name)) changed.push([name, value]);
    else added.push([name, value]);
  }
  const removed = [...sent.keys()].filter((name) => !got.has(name) && !ofConnection.has(name) && passes(name));
  const missing = [...standard.keys()].filter((name) => !got.has(name));
  return {
    ...(added.length > 0 ? { addedHeaders: Object.fromEntries(added) } : {}),
    ...(changed.length > 0 ? { changedHeaders: Object.fromEntries(changed) } : {}),
    ...(removed.length > 0 ? { removedHeaders: removed } : {}),
    ...(missing.length > 0 ? { missingStandardHeaders: missing } : {}),
  };
}

/** Names that no gateway passes on are not worth a line. */
function passes(name: string): boolean {
  return /^[a-z0-9-]+$/.test(name) && name !== "proxy";
}

function authHeaders(seen: SeenRequest, request: TruthRequest): Partial<Sight> {
  if (request.showAuthHeaders) return { headers: listHeaders(seen) };
  const standard = standardHeaders(request);
  const sent = new Map(sentHeaders(request).map(([name, value]) => [name.toLowerCase(), value]));
  const added = [...joined(seen)].filter(
    ([name, value]) => !ofConnection.has(name) && standard.get(name) !== value && sent.get(name) !== value,
  );
  return added.length > 0 ? { addedHeaders: Object.fromEntries(added) } : {};
}

/** By lower-case name; values of the same name are joined. */
function joined({ headers }: SeenRequest): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (key.startsWith(":")) continue;
    const before = values.get(key);
    values.set(key, withoutChance(before === undefined ? value : `${before}, ${value}`));
  }
  return values;
}
