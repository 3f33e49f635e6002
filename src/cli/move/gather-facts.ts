import { lookup, Resolver } from "node:dns/promises";
import { request } from "node:http";
import { request as tlsRequest } from "node:https";
import { connect } from "node:tls";
import type { HostFacts } from "../../migrate/move/checks.ts";
import type { MoveUnit } from "../../migrate/move/move-unit.ts";
import { isJsonObject, type JsonObject } from "../../resource/json.ts";
import { objectsOf, specOf } from "../../resource/written-object.ts";
import { splitHostPort } from "./host-port.ts";

export type FactSources = {
  /** Why what was converted is not served, by the name of a route; of the compiler. */
  readonly problemsOf: (route: JsonObject) => readonly string[];
  /** Addresses of the Ingress controller and of the Gateway; `undefined`: nothing is asked. */
  readonly oldAddress: string | undefined;
  readonly newAddress: string | undefined;
  readonly forwardedHeaders: boolean | undefined;
};

const waitMs = 5000;
/** Requests to each side, of each host. */
const probesPerHost = 20;

/** Finds out what the checks of a host need. What cannot be found out stays unknown; nothing is thrown. */
export async function gatherFacts(unit: MoveUnit, sources: FactSources): Promise<HostFacts> {
  const { oldAddress, newAddress } = sources;
  const [hostname = ""] = unit.hostnames;
  const tls = unit.ingresses.some((ingress) => Array.isArray(specOf(ingress)["tls"]));
  const dns = newAddress === undefined ? undefined : await addressesOf(hostname);
  return {
    routes: unit.routes.length,
    problems: unit.routes.flatMap(sources.problemsOf),
    differences:
      oldAddress === undefined || newAddress === undefined
        ? undefined
        : await compareAnswers(unit, { oldAddress, newAddress, tls }),
    certificate: newAddress === undefined || !tls ? undefined : await certificateAt(newAddress, hostname),
    dnsTtlSeconds: dns?.ttlSeconds,
    dnsMoved:
      newAddress === undefined || dns === undefined ? undefined : dns.addresses.includes(await numeric(newAddress)),
    forwardedHeaders: sources.forwardedHeaders,
  };
}

async function addressesOf(hostname: string) {
  const resolver = new Resolver({ timeout: waitMs, tries: 1 });
  try {
    const found = await resolver.resolve4(hostname, { ttl: true });
    return { addresses: found.map(({ address }) => address), ttlSeconds: Math.max(...found.map(({ ttl }) => ttl)) };
  } catch {
    return undefined;
  }
}

async function numeric(address: string): Promise<string> {
  const { host } = splitHostPort(address);
  return await lookup(host).then(
    (found) => found.address,
    () => host,
  );
}

type Comparison = { readonly oldAddress: string; readonly newAddress: string; readonly tls: boolean };

async function compareAnswers(unit: MoveUnit, { oldAddress, newAddress, tls }: Comparison): Promise<readonly string[]> {
  const paths = [...new Set(["/", ...unit.ingresses.flatMap(pathsOf)])];
  const probes = unit.hostnames
    .filter((hostname) => !hostname.startsWith("*"))
    .flatMap((hostname) => paths.slice(0, probesPerHost).map((path) => ({ hostname, path })));
  const differences: string[] = [];
  for (const { hostname, path } of probes) {
    const [old, fresh] = await Promise.all(
      [oldAddress, newAddress].map((address) => answerOf(address, { hostname, path, tls })),
    );
    if (old !== fresh)
      differences.push(
        `GET ${tls ? "https" : "http"}://${hostname}${path}: ${old} from the Ingress controller, ${fresh} from the Gateway.`,
      );
  }
  return differences;
}

function pathsOf(ingress: JsonObject): readonly string[] {
  return objectsOf(specOf(ingress)["rules"])
    .flatMap(({ http }) => (isJsonObject(http) ? objectsOf(http["paths"]) : []))
    .map(({ path }) => path)
    .filter((path): path is string => typeof path === "string" && /^\/[\w./-]*$/.test(path));
}

type Probe = { readonly hostname: string; readonly path: string; readonly tls: boolean };

/** Status and Location, or why there is none. An address without a port has the one of the scheme. */
function answerOf(address: string, { hostname, path, tls }: Probe): Promise<string> {
  const { host, port } = splitHostPort(address);
  const options = {
    ...{ host, path, port: port ?? (tls ? 443 : 80), method: "GET", timeout: waitMs, agent: false as const },
    headers: { host: hostname, "user-agent": "sluice-migrate" },
    ...(tls ? { servername: hostname, rejectUnauthorized: false } : {}),
  };
  return new Promise((resolve) => {
    const sent = (tls ? tlsRequest : request)(options, (response) => {
      const { location } = response.headers;
      resolve(`${response.statusCode}${location === undefined ? "" : ` to ${location}`}`);
      response.destroy();
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer")));
    sent.on("error", ({ message }) => resolve(message));
    sent.end();
  });
}

/** What a client without the authority at hand can say of the certificate at an address. */
function certificateAt(address: string, hostname: string): Promise<HostFacts["certificate"]> {
  const { host, port } = splitHostPort(address);
  const servername = hostname.replace(/^\*/, "any");
  return new Promise((resolve) => {
    const socket = connect({ host, port: port ?? 443, servername, rejectUnauthorized: false, timeout: waitMs }, () => {
      const certificate = socket.getPeerX509Certificate();
      resolve(
        certificate && {
          daysLeft: Math.floor((certificate.validToDate.getTime() - Date.now()) / 86_400_000),
          namesHost: certificate.checkHost(servername) !== undefined,
          complete: String(socket.authorizationError) !== "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        },
      );
      socket.destroy();
    });
    socket.on("timeout", () => socket.destroy(new Error("no answer")));
    socket.on("error", () => resolve(undefined));
  });
}
