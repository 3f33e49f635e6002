/** Services of Traefik's routes, and TraefikServices, as backendRefs and mirrors. */
import { isJsonObject, type JsonObject } from "../../resource/json.ts";
import { objectsOf } from "../../resource/written-object.ts";
import type { Workspace } from "../convert/workspace.ts";
import { gatewayApi } from "../convert/workspace.ts";
import type { Reporter } from "./reporter.ts";

export type Backends = {
  /** References with their weights. */
  readonly refs: readonly JsonObject[];
  /** RequestMirror filters. */
  readonly mirrors: readonly JsonObject[];
  /** Set where all Services ask for a cookie. */
  readonly sessionPersistence: JsonObject | undefined;
};

export type BackendScope = {
  readonly kind: "HTTPRoute" | "TLSRoute" | "TCPRoute" | "UDPRoute";
  readonly namespace: string;
  /** TraefikServices by `namespace/name`. */
  readonly traefikServices: ReadonlyMap<string, JsonObject>;
  readonly workspace: Workspace;
  readonly reporter: Reporter;
  readonly pointer: string;
};

type Share = { readonly ref: JsonObject; readonly weight: number };

/** How deep TraefikServices may name one another. */
const deepest = 8;

export function backendsOf(services: readonly JsonObject[], scope: BackendScope): Backends {
  const mirrors: JsonObject[] = [];
  const shares = services.flatMap((service) => sharesOf(service, weightOf(service), { scope, mirrors, depth: 0 }));
  const weights = wholeNumbers(shares.map(({ weight }) => weight));
  const cookies = services.map(cookieOf);
  return {
    refs: shares.map(({ ref }, index) => (shares.length === 1 ? ref : { ...ref, weight: weights[index] })),
    mirrors,
    sessionPersistence: cookies.length > 0 && cookies.every((each) => each !== undefined) ? cookies[0] : undefined,
  };
}

type Walk = { readonly scope: BackendScope; readonly mirrors: JsonObject[]; readonly depth: number };

function sharesOf(service: JsonObject, weight: number, walk: Walk): readonly Share[] {
  const { scope, depth } = walk;
  const name = String(service["name"] ?? "");
  const namespace = typeof service["namespace"] === "string" ? service["namespace"] : scope.namespace;
  const byHand = (message: string, fix: string): readonly Share[] => {
    scope.reporter.report("traefik-by-hand", scope.pointer, { message, fix });
    return [];
  };
  if (name.includes("@"))
    return byHand(
      `${name} is a service of Traefik itself, which no route can name.`,
      "Name a Service, or leave the rule out.",
    );
  tellUnserved(service, scope);
  if (service["kind"] !== "TraefikService") return [{ ref: serviceRef(service, { namespace, name }, scope), weight }];
  const found = scope.traefikServices.get(`${namespace}/${name}`);
  const spec = isJsonObject(found?.["spec"]) ? found["spec"] : undefined;
  if (spec === undefined)
    return byHand(
      `TraefikService ${namespace}/${name} is not among what was read.`,
      "Convert it together with the route.",
    );
  if (depth >= deepest)
    return byHand(`TraefikService ${namespace}/${name} is nested too deep.`, "Name the Services themselves.");
  const inner: Walk = { ...walk, scope: { ...scope, namespace }, depth: depth + 1 };
  const { weighted, mirroring } = spec;
  if (isJsonObject(weighted)) {
    const members = objectsOf(weighted["services"]);
    const total = members.reduce((sum, member) => sum + weightOf(member), 0);
    return members.flatMap((member) => sharesOf(member, total === 0 ? 0 : (weight * weightOf(member)) / total, inner));
  }
  if (isJsonObject(mirroring)) {
    for (const mirror of objectsOf(mirroring["mirrors"])) {
      const [target] = sharesOf(mirror, 1, inner);
      const percent = mirror["percent"];
      if (target !== undefined)
        walk.mirrors.push({
          type: "RequestMirror",
          requestMirror: {
            backendRef: target.ref,
            ...(typeof percent === "number" && percent < 100 ? { percent } : {}),
          },
        });
    }
    return sharesOf(mirroring, weight, inner);
  }
  return byHand(
    `TraefikService ${namespace}/${name} is neither weighted nor mirroring.`,
    "Write its backends as backendRefs.",
  );
}

type Named = { readonly namespace: string; readonly name: string };

function serviceRef(
  service: JsonObject,
  { namespace, name }: Named,
  { kind, workspace, reporter, pointer, namespace: own }: BackendScope,
): JsonObject {
  const { port } = service;
  const backend = {
    namespace,
    service: name,
    port: typeof port === "number" ? { number: port } : { name: String(port ?? "") },
    from: { kind: "Service", namespace, name, pointer: "" },
  };
  const ref = workspace.serviceRef({ group: gatewayApi, kind, namespace: own }, backend);
  if (ref !== undefined) return ref;
  reporter.report("traefik-by-hand", pointer, {
    message: `Service ${namespace}/${name} has no port that is known to be called ${JSON.stringify(String(port ?? ""))}.`,
    fix: "Convert the route together with its Service, or write the port's number into it.",
  });
  return namespace === own ? { name } : { name, namespace };
}

/** Settings of a Service that become policies or fields of the Service itself. */
const unserved: Readonly<Record<string, string>> = {
  scheme: "Give the Service's port an appProtocol (kubernetes.io/h2c), or the Service a BackendTLSPolicy for https.",
  serversTransport: "Write a BackendTLSPolicy, and timeouts of a BackendTrafficPolicy.",
  passHostHeader: "Write urlRewrite.hostname into the rule, if the backend must not see the client's Host.",
  strategy: "Write loadBalancer.type of a BackendTrafficPolicy.",
  healthCheck: "Write healthCheck.active of a BackendTrafficPolicy.",
};

function tellUnserved(service: JsonObject, { reporter, pointer }: BackendScope): void {
  for (const [field, fix] of Object.entries(unserved)) {
    const value = service[field];
    if (
      value === undefined ||
      (field === "scheme" && value === "http") ||
      (field === "passHostHeader" && value === true)
    )
      continue;
    if (field === "strategy" && (value === "RoundRobin" || value === "wrr")) continue;
    reporter.report("traefik-by-hand", pointer, {
      message: `${field} of Service ${String(service["name"])} is not converted.`,
      fix,
    });
  }
}

function cookieOf(service: JsonObject): JsonObject | undefined {
  const sticky = isJsonObject(service["sticky"]) ? service["sticky"] : {};
  const cookie = isJsonObject(sticky["cookie"]) ? sticky["cookie"] : undefined;
  if (cookie === undefined) return undefined;
  const { name } = cookie;
  return { type: "Cookie", ...(typeof name === "string" && name !== "" ? { sessionName: name } : {}) };
}

function weightOf({ weight }: JsonObject): number {
  return typeof weight === "number" && weight >= 0 ? weight : 1;
}

/** Shares as weights of at most 1,000,000, as exact as they can be. */
function wholeNumbers(weights: readonly number[]): readonly number[] {
  if (weights.every((weight) => Number.isInteger(weight))) return weights;
  const most = Math.max(...weights);
  return weights.map((weight) => Math.round((weight / most) * 1000));
}
