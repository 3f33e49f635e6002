import type { ListenerKey } from "../ir/routing-model.ts";
import { type Kind, kindNames, type Resource } from "../resource/kinds.ts";
import type { Snapshot } from "../store/snapshot.ts";
import type { RouteAttachment } from "./attach.ts";
import type { CompileOptions, RetainedSecrets } from "./compile-options.ts";
import type { CompiledRoute, GatewayContext, Route, RouteKind } from "./contract.ts";
import type { PlacedAttachment } from "./place-routes.ts";
import type { KnownHosts } from "./virtual-host.ts";

/**
 * Keeps what earlier compilations made, so that a change of one route costs little more than that route. Each part says what
 * it was made from; it is taken over only while that is the very same, and everything that is taken over keeps its identity.
 * One memo serves one sequence of compilations.
 */
export type CompileMemo = {
  /** Gets ready for a compilation: forgets what something that changed may have been read for. */
  begin(snapshot: Snapshot, options: CompileOptions): void;
  /** Everything that does not depend on routes, endpoints or Ingresses. Kept until its `freshUntilMs`: certificates expire. */
  surroundings<T extends Surroundings>(make: () => T): T;
  /** Where the route attaches: follows from the route and the surroundings. */
  attachment(route: Route, make: () => RouteAttachment): RouteAttachment;
  /** The route as compiled for a Gateway: follows from the route, the Gateway's context, its Services and what routes read beside them. */
  route(route: Route, gateway: GatewayContext, make: () => CompiledRoute): CompiledRoute;
  /** What an attachment comes to: follows from the attachment and its compiled routes. */
  placed(
    attachment: RouteAttachment,
    compiled: readonly CompiledRoute[],
    make: () => PlacedAttachment,
  ): PlacedAttachment;
  /** The virtual hosts of a listener as built before, to be brought up to date in place. */
  hosts(listener: ListenerKey): KnownHosts;
  /** Forgets what the compilation since `begin` did not ask for. */
  end(): void;
};

const routeKinds: readonly Kind[] = [
  "HTTPRoute",
  "GRPCRoute",
  "TLSRoute",
  "TCPRoute",
  "UDPRoute",
] satisfies readonly RouteKind[];

/** Kinds that nothing which is kept reads. */
const unread: readonly Kind[] = ["EndpointSlice", "Ingress", "IngressClass"];

/** Kinds that the compilation of a route may read beside its Services. */
const readByRoutes = [
  "ReferenceGrant",
  "BackendTLSPolicy",
  "XBackendTrafficPolicy",
  "XBackend",
  "Secret",
  "ConfigMap",
  "ClusterTrustBundle",
] as const satisfies readonly Kind[];

const surroundingKinds = kindNames.filter((kind) => !routeKinds.includes(kind) && !unread.includes(kind));

/** `freshUntilMs`: when time alone changes it. Milliseconds since the epoch. */
type Surroundings = { readonly freshUntilMs: number };

/** A compiled route with the Services that it was made from; `undefined`: it named one that did not exist. */
type KnownRoute = {
  readonly compiled: CompiledRoute;
  readonly services: ReadonlyMap<string, Resource<"Service">> | undefined;
};

type ByGateway = Map<string, KnownRoute>;

export function createCompileMemo(): CompileMemo {
  const settings = new Watched();
  const around = new Watched();
  const beside = new Watched();
  const services = new Watched();
  let snapshot: Snapshot | undefined;
  let surroundings: Surroundings | undefined;
  const attachments = new Kept<Route, RouteAttachment>();
  const routes = new Kept<Route, ByGateway>();
  const placed = new Kept<
    RouteAttachment,
    { readonly compiled: readonly CompiledRoute[]; readonly made: PlacedAttachment }
  >();
  const hosts = new Kept<ListenerKey, KnownHosts>();
  return {
    begin(next, options) {
      const { nowMs, retained, ...stable } = options;
      const sameSettings = settings.same([JSON.stringify(stable)]);
      const surroundingObjects = surroundingKinds.flatMap((kind): readonly Resource[] => next.list(kind));
      const isFresh = surroundings !== undefined && nowMs < surroundings.freshUntilMs;
      const sameAround = around.same([...surroundingObjects, ...stillServing(retained, next)]) && isFresh;
      const sameBeside = beside.same(readByRoutes.flatMap((kind): readonly Resource[] => next.list(kind)));
      if (!sameSettings || !sameAround) {
        surroundings = undefined;
        attachments.clear();
      }
      if (!sameSettings || !sameBeside) routes.clear();
      services.same(next.list("Service"));
      snapshot = next;
    },
    surroundings<T extends Surroundings>(make: () => T): T {
      surroundings ??= make();
      return surroundings as T;
    },
    attachment: (route, make) => attachments.keep(route, attachments.known(route) ?? make()),
    route(route, gateway, make) {
      const key = `${gateway.namespace}/${gateway.name} ${gateway.backendClientCertificate ?? ""}`;
      const byGateway = routes.kept(route) ?? routes.keep(route, new Map());
      let entry = byGateway.get(key);
      if (entry === undefined) {
        const known = routes.known(route)?.get(key);
        const current = known !== undefined && (services.isSame || sameServices(known, snapshot));
        entry = current ? known : withServices(make(), snapshot);
        byGateway.set(key, entry);
      }
      return entry.compiled;
    },
    placed(attachment, compiled, make) {
      const known = placed.known(attachment);
      const same =
        known?.compiled.length === compiled.length && known.compiled.every((one, place) => one === compiled[place]);
      return placed.keep(attachment, same && known ? known : { compiled, made: make() }).made;
    },
    // Hosts are told apart by the identity of their compiled routes, so they need no other check.
    hosts: (listener) => hosts.keep(listener, hosts.known(listener) ?? new Map()),
    end() {
      for (const kept of [attachments, routes, placed, hosts]) kept.forget();
    },
  };
}

/** What is retained and no longer in the snapshot. The rest is there among the objects. */
function stillServing(retained: RetainedSecrets, snapshot: Snapshot): readonly Resource<"Secret">[] {
  return [...retained.values()].filter(
    (secret) => snapshot.get("Secret", secret.metadata.namespace, secret.metadata.name) !== secret,
  );
}

/** Remembers a list and says whether the next one is the very same. */
class Watched {
  #values: readonly unknown[] = [];
  isSame = false;

  same(values: readonly unknown[]): boolean {
    this.isSame =
      values.length === this.#values.length && values.every((value, place) => value === this.#values[place]);
    this.#values = values;
    return this.isSame;
  }
}

/** What was made earlier, and what of it this compilation has asked for. */
class Kept<K, V> {
  #before = new Map<K, V>();
  #now = new Map<K, V>();

  /** From earlier compilations. */
  known(key: K): V | undefined {
    return this.#before.get(key);
  }

  /** From this one. */
  kept(key: K): V | undefined {
    return this.#now.get(key);
  }

  keep(key: K, value: V): V {
    this.#now.set(key, value);
    return value;
  }

  forget(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }

  clear(): void {
    this.#before = new Map();
  }
}

const servicePrefix = "Service/";

/** A missing Service is explained by the names of all others, so nothing is remembered of it. */
function withServices(compiled: CompiledRoute, snapshot: Snapshot | undefined): KnownRoute {
  const services = new Map<string, Resource<"Service">>();
  for (const backend of compiled.backends) {
    if (!backend.startsWith(servicePrefix)) continue;
    const service = serviceOf(snapshot, backend);
    if (service === undefined) return { compiled, services: undefined };
    services.set(backend, service);
  }
  return { compiled, services };
}

function sameServices({ services }: KnownRoute, snapshot: Snapshot | undefined): boolean {
  if (services === undefined) return false;
  for (const [backend, service] of services) if (serviceOf(snapshot, backend) !== service) return false;
  return true;
}

function serviceOf(snapshot: Snapshot | undefined, backend: string): Resource<"Service"> | undefined {
  const [, namespace, name = ""] = backend.split("/");
  return snapshot?.get("Service", namespace, name);
}
