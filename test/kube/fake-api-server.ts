import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions, Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import type { ApiAccess } from "../../src/kube/api-access.ts";
import type { KubeObject } from "../../src/kube/kube-client.ts";
import { splitApiVersion } from "../../src/resource/kind-version.ts";
import { type Kind, kindNames, kindOf, kinds, twinGroupOf, twinOf } from "../../src/resource/kinds.ts";
import {
  type Change,
  FakeObjectStore,
  type Json,
  type Place,
  Refusal,
  type StoredObject,
} from "./fake-object-store.ts";
import { fitsSelectors } from "./fake-selector.ts";

export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "raw";

export type SeenRequest = {
  readonly verb: Verb;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
};

type Target = {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
};

type Failure = {
  left: number;
  readonly status: number;
  readonly retryAfterSeconds?: number;
  readonly when: (request: SeenRequest) => boolean;
};

type Watcher = {
  readonly target: Target;
  readonly query: URLSearchParams;
  readonly metadataOnly: boolean;
  readonly response: ServerResponse;
  state: "talking" | "silent";
};

/** Which requests a fault is for. */
export type FaultScope = {
  readonly verb?: Verb;
  readonly plural?: string;
  /** Seconds, sent as `Retry-After`. */
  readonly retryAfterSeconds?: number;
};

/**
 * An API server in memory, for tests: objects of any group, resource and namespace, with the rules of the real one for
 * versions, watches and writes, and with faults to order. Kinds of `src/resource/kinds.ts` are served in the versions of
 * the table, all others in any version.
 */
export class FakeApiServer {
  store = new FakeObjectStore();
  /** Called for every request before it is answered. */
  beforeAnswer: (request: SeenRequest) => void = () => {};
  /** Every request so far. */
  readonly requests: SeenRequest[] = [];
  /** Called for every TLS connection. */
  onSecureConnection: (socket: TLSSocket) => void = () => {};
  readonly #server: Server;
  readonly #watchers = new Set<Watcher>();
  readonly #served = new Map<string, readonly string[]>();
  readonly #forbidden = new Set<string>();
  #failures: Failure[] = [];
  #held: Promise<void> | undefined;
  #token: string | undefined;

  /** `tls`: of the server, which speaks plain HTTP without. */
  static async start(tls?: ServerOptions): Promise<FakeApiServer> {
    const fake = new FakeApiServer(tls);
    await new Promise<void>((listening) => fake.#server.listen(0, "127.0.0.1", listening));
    return fake;
  }

  private constructor(tls: ServerOptions | undefined) {
    for (const name of kindNames) this.#serveAsDeclared(name);
    const answer = (request: IncomingMessage, response: ServerResponse) => {
      this.#answer(request, response).catch((error: unknown) => refuse(response, error));
    };
    this.#server = tls ? createTlsServer(tls, answer) : createServer(answer);
    this.#server.on("secureConnection", (socket: TLSSocket) => this.onSecureConnection(socket));
    this.store.listeners.add((change) => this.#tell(change));
  }

  get url(): string {
    const scheme = this.#server instanceof TlsServer ? "https" : "http";
    return `${scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** For `openKubeClient`. */
  get access(): ApiAccess {
    const token = this.#token;
    return {
      server: this.url,
      namespace: "default",
      credentials: async () => ({ headers: token === undefined ? {} : { authorization: `Bearer ${token}` } }),
    };
  }

  async close(): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done));
    this.#server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // Objects, without HTTP.

  /** Creates or replaces an object of a kind that the table of kinds has, with its status when it has one. */
  put(object: KubeObject): StoredObject {
    const place = placeOf(object);
    const stored = this.store.get(place)
      ? this.store.replace(place, object, "object")
      : this.store.create(place, object);
    if (!("status" in object) || stored["status"] === object["status"]) return stored;
    return this.store.replace(place, { ...stored, status: object["status"] }, "status");
  }

  remove(kind: Kind, name: string, namespace?: string): void {
    const { group, plural } = kinds[kind];
    this.store.delete({ group, plural, name, ...(namespace === undefined ? {} : { namespace }) });
  }

  find(kind: Kind, name: string, namespace?: string): StoredObject | undefined {
    const { group, plural } = kinds[kind];
    return this.store.get({ group, plural, name, ...(namespace === undefined ? {} : { namespace }) });
  }

  /** CustomResourceDefinitions of every kind that is one, from a release of Gateway API. */
  installCrds(bundleVersion: string, channel: "standard" | "experimental" = "experimental"): void {
    for (const name of kindNames) {
      if (kinds[name].channel === "core") continue;
      this.put(crdOf(name, bundleVersion, channel));
    }
  }

  // Faults.

  /** Cuts the connections of all watches. */
  cutWatches(): void {
    for (const { response } of this.#watchers) response.destroy();
    this.#watchers.clear();
  }

  /** Ends all watches in order, as the server does when their time is over. */
  endWatches(): void {
    for (const { response } of this.#watchers) response.end();
    this.#watchers.clear();
  }

  /** The watches that are open now stay open and never say anything again. */
  silenceWatches(): void {
    for (const watcher of this.#watchers) watcher.state = "silent";
  }

  /** Sends a bookmark on every watch. */
  sendBookmarks(): void {
    for (const watcher of this.#watchers) {
      const metadata = { resourceVersion: String(this.store.version) };
      send(watcher, "BOOKMARK", { ...typeOf(watcher.target), metadata } as StoredObject);
    }
  }

  /** Sends these bytes as they are on every watch. */
  sendOnWatches(text: string): void {
    for (const { response } of this.#watchers) response.write(text);
  }

  /** Answers wait until the returned function is called; watches that are open go on. */
  holdAnswers(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return () => {
      if (this.#held === promise) this.#held = undefined;
      resolve();
    };
  }

  /** The next `count` requests of this scope are answered with `status`. */
  failNext(count: number, status: number, scope: FaultScope = {}): void {
    this.#failures.push({
      left: count,
      status,
      ...(scope.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: scope.retryAfterSeconds }),
      when: ({ verb, plural }) =>
        (scope.verb === undefined || scope.verb === verb) && (scope.plural === undefined || scope.plural === plural),
    });
  }

  /** As if an older state had been restored: no objects, and versions begin anew. */
  resetStore(): void {
    this.store = new FakeObjectStore();
    this.store.listeners.add((change) => this.#tell(change));
  }

  /** No more failures than those so far. */
  heal(): void {
    this.#failures = [];
  }

  /** What came before is no longer known: watches and pages from before answer 410. */
  expireHistory(): void {
    this.store.expireHistory();
  }

  /** As if the CRD were removed: objects, watches and the CRD itself go, and the kind answers 404. */
  dropKind(kind: Kind): void {
    const { group, plural } = kinds[kind];
    this.#served.set(`${group}/${plural}`, []);
    for (const object of this.store.list(group, plural)) this.store.delete(placeOf(object));
    if (this.find("CustomResourceDefinition", `${plural}.${group}`))
      this.remove("CustomResourceDefinition", `${plural}.${group}`);
    for (const watcher of this.#watchers) {
      if (watcher.target.group !== group || watcher.target.plural !== plural) continue;
      this.#watchers.delete(watcher);
      watcher.response.end();
    }
  }

  /** Serves a kind in these versions, by default those of the table; with `bundleVersion` its CRD is there again too. */
  serveKind(
    kind: Kind,
    options: { readonly versions?: readonly string[]; readonly bundleVersion?: string } = {},
  ): void {
    if (options.versions) this.#served.set(`${kinds[kind].group}/${kinds[kind].plural}`, options.versions);
    else this.#serveAsDeclared(kind);
    if (options.bundleVersion !== undefined) this.put(crdOf(kind, options.bundleVersion, "experimental"));
  }

  /** Serves the kind's twin, too. */
  serveTwin(kind: Kind): void {
    const twin = twinOf(kind);
    if (twin === undefined) throw new TypeError(`${kind} has no twin`);
    const { group, plural } = twin;
    this.#served.set(`${group}/${plural}`, [kinds[kind].version]);
    this.put({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `${plural}.${group}` },
      spec: { group, names: { kind: twin.kind, plural } },
    });
  }

  /** All requests for this resource answer 403; with a namespace, only those elsewhere are refused. */
  forbid(plural: string): void {
    this.#forbidden.add(plural);
  }

  /** Requests over all namespaces for this resource answer 403. */
  forbidClusterWide(plural: string): void {
    this.#forbidden.add(`*/${plural}`);
  }

  permit(plural: string): void {
    this.#forbidden.delete(plural);
    this.#forbidden.delete(`*/${plural}`);
  }

  /** From now on only this bearer token is let in; `access` taken after this has it. */
  requireToken(token: string): void {
    this.#token = token;
  }

  /** Requests so far. */
  count(scope: FaultScope = {}): number {
    const { verb, plural } = scope;
    return this.requests.filter(
      (seen) => (verb === undefined || seen.verb === verb) && (plural === undefined || seen.plural === plural),
    ).length;
  }

  /** Watches that are open now. */
  watching(plural?: string): number {
    return [...this.#watchers].filter(({ target }) => plural === undefined || target.plural === plural).length;
  }

  #serveAsDeclared(kind: Kind): void {
    const { group, plural, versions } = kinds[kind];
    const served = Object.entries(versions).filter(([, { state }]) => state !== "removed");
    this.#served.set(
      `${group}/${plural}`,
      served.map(([version]) => version),
    );
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://fake");
    const target = targetOf(url.pathname);
    const verb = verbOf(request.method ?? "GET", target, url.searchParams);
    const { group = "", version = "", plural = "" } = target ?? {};
    const seen = { verb, path: url.pathname, query: url.searchParams, group, version, plural };
    this.requests.push(seen);
    const body = await readBody(request);
    await this.#held;
    this.beforeAnswer(seen);
    if (this.#token !== undefined && request.headers.authorization !== `Bearer ${this.#token}`)
      throw new Refusal(401, "Unauthorized", "Unauthorized");
    const failure = this.#failures.find(({ left, when }) => left > 0 && when(seen));
    if (failure) {
      failure.left -= 1;
      if (failure.retryAfterSeconds !== undefined) response.setHeader("retry-after", failure.retryAfterSeconds);
      throw new Refusal(failure.status, reasons[failure.status] ?? "", "ordered by the test");
    }
    if (!target) return reply(response, 200, this.#discovery(url.pathname));
    if (this.#forbidden.has(plural) || (target.namespace === undefined && this.#forbidden.has(`*/${plural}`)))
      throw forbidden(verb, target);
    if (!(this.#served.get(`${group}/${plural}`)?.includes(version) ?? true)) throw notServed();
    const metadataOnly = String(request.headers.accept).includes("as=PartialObjectMetadata");
    if (verb === "watch") return this.#watch(response, { target, query: url.searchParams, metadataOnly });
    if (verb === "list") return reply(response, 200, this.#list(target, url.searchParams, metadataOnly));
    const written = this.#write(verb, target, { body, request, query: url.searchParams });
    reply(response, written.status, inVersion(written.object, target, metadataOnly));
  }

  #write(
    verb: Verb,
    target: Target,
    { body, request, query }: { body: Json; request: IncomingMessage; query: URLSearchParams },
  ): { readonly status: number; readonly object: Json } {
    const { group, plural, namespace } = target;
    const scope = namespace === undefined ? {} : { namespace };
    const name = target.name ?? nameFor(body, this.store.version);
    const place: Place = { group, plural, name, ...scope };
    const part = target.subresource === "status" ? "status" : "object";
    switch (verb) {
      case "get": {
        const object = this.store.get(place);
        if (!object) throw new Refusal(404, "NotFound", `${plural} "${name}" not found`);
        return { status: 200, object };
      }
      case "create":
        return { status: 201, object: this.store.create(place, body) };
      case "update":
        return { status: 200, object: this.store.replace(place, body, part) };
      case "patch": {
        if (request.headers["content-type"] !== "application/apply-patch+yaml")
          return { status: 200, object: this.store.merge(place, body, part) };
        const manager = query.get("fieldManager");
        if (!manager) throw new Refusal(400, "BadRequest", "fieldManager is required for apply patch");
        const { object, created } = this.store.apply(place, body, manager);
        return { status: created ? 201 : 200, object };
      }
      default:
        this.store.delete(place, body["preconditions"] as { uid?: string; resourceVersion?: string } | undefined);
        return { status: 200, object: { apiVersion: "v1", kind: "Status", status: "Success" } };
    }
  }

  #list(target: Target, query: URLSearchParams, metadataOnly: boolean): Json {
    const [token, skip] = JSON.parse(query.get("continue") ?? "[0,0]") as [number, number];
    // A continued list is refused once its history is gone; nothing else is kept of the moment of its first page.
    if (token > 0) this.store.since(token);
    const version = token > 0 ? token : this.store.version;
    const all = this.store.list(target.group, target.plural, target.namespace);
    const fitting = all.filter((object) => fitsSelectors(object, query));
    const limit = Number(query.get("limit") ?? 0);
    const page = limit > 0 ? fitting.slice(skip, skip + limit) : fitting;
    const more = limit > 0 && skip + limit < fitting.length;
    const { apiVersion, kind } = metadataOnly
      ? { apiVersion: "meta.k8s.io/v1", kind: "PartialObjectMetadata" }
      : typeOf(target);
    const metadata = {
      resourceVersion: String(version),
      ...(more ? { continue: JSON.stringify([version, skip + limit]) } : {}),
    };
    const items = page.map((object) => {
      // The API leaves these two out of items, but not of partial ones.
      const { apiVersion: _, kind: __, ...rest } = inVersion(object, target, metadataOnly);
      return metadataOnly ? { apiVersion, kind, ...rest } : rest;
    });
    return { apiVersion, kind: `${kind}List`, metadata, items };
  }

  #watch(
    response: ServerResponse,
    options: { readonly target: Target; readonly query: URLSearchParams; readonly metadataOnly: boolean },
  ): void {
    const watcher: Watcher = { ...options, response, state: "talking" };
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    try {
      for (const change of this.store.since(Number(options.query.get("resourceVersion") ?? 0))) tell(watcher, change);
    } catch (error) {
      const { status, reason, message } = error as Refusal;
      const object = { apiVersion: "v1", kind: "Status", status: "Failure", code: status, reason, message };
      response.end(`${JSON.stringify({ type: "ERROR", object })}\n`);
      return;
    }
    this.#watchers.add(watcher);
    response.on("close", () => this.#watchers.delete(watcher));
  }

  #tell(change: Change): void {
    for (const watcher of this.#watchers) tell(watcher, change);
  }

  #discovery(path: string): Json {
    if (path === "/version") return { major: "1", minor: "34", gitVersion: "v1.34.0" };
    const [, root = "", ...rest] = path.split("/");
    const [group, version] = root === "api" ? ["", rest[0]] : rest;
    if ((root !== "api" && root !== "apis") || group === undefined) throw notServed();
    const served = [...this.#served].flatMap(([name, versions]) => {
      const slash = name.lastIndexOf("/");
      const own = { group: name.slice(0, slash), plural: name.slice(slash + 1), versions };
      return own.group === group && (version === undefined || versions.includes(version)) ? [own] : [];
    });
    if (served.length === 0) throw notServed();
    if (version === undefined) {
      const versions = [...new Set(served.flatMap((entry) => entry.versions))];
      return { kind: "APIGroup", apiVersion: "v1", name: group, versions: versions.map((name) => ({ version: name })) };
    }
    const resources = served.map(({ plural }) => {
      const kind = kindNames.find((name) => kinds[name].group === group && kinds[name].plural === plural);
      return { name: plural, kind, namespaced: kind && kinds[kind].scope === "Namespaced", verbs: ["list", "watch"] };
    });
    return { kind: "APIResourceList", apiVersion: "v1", groupVersion: `${group}/${version}`, resources };
  }
}

const reasons: Readonly<Record<number, string>> = {
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  410: "Expired",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
};

function targetOf(path: string): Target | undefined {
  const parts = path.split("/").slice(1).map(decodeURIComponent);
  const root = parts.shift();
  if (root !== "api" && root !== "apis") return undefined;
  const group = root === "api" ? "" : parts.shift();
  const version = parts.shift();
  if (group === undefined || version === undefined || parts.length === 0) return undefined;
  const [word, namespace, plural, name, subresource] = parts;
  // `/api/v1/namespaces/shop` is the namespace itself.
  if (word === "namespaces" && plural !== undefined && plural !== "status")
    return { group, version, plural, ...optional({ namespace, name, subresource }) };
  const [own = "", ownName, ownSubresource] = parts;
  return { group, version, plural: own, ...optional({ name: ownName, subresource: ownSubresource }) };
}

function optional<T extends Readonly<Record<string, string | undefined>>>(fields: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: string;
  };
}

function verbOf(method: string, target: Target | undefined, query: URLSearchParams): Verb {
  if (!target) return "raw";
  if (method === "POST") return "create";
  if (method === "PUT") return "update";
  if (method === "PATCH") return "patch";
  if (method === "DELETE") return "delete";
  if (target.name !== undefined) return "get";
  return query.get("watch") === "true" ? "watch" : "list";
}

function forbidden(verb: Verb, { group, plural, namespace }: Target): Refusal {
  const where = namespace === undefined ? "at the cluster scope" : `in the namespace "${namespace}"`;
  const message = `${plural} is forbidden: User "test" cannot ${verb} resource "${plural}" in API group "${group}" ${where}`;
  return new Refusal(403, "Forbidden", message);
}

function notServed(): Refusal {
  return new Refusal(404, "NotFound", "the server could not find the requested resource");
}

function nameFor(object: Json, version: number): string {
  const { name, generateName } = object["metadata"] as { readonly name?: string; readonly generateName?: string };
  return name ?? `${generateName ?? ""}${version.toString(36).padStart(5, "0")}`;
}

/** The place of an object whose kind is in the table of kinds. */
function placeOf(object: KubeObject): Place {
  const { kind, apiVersion, metadata } = object as {
    readonly kind: string;
    readonly apiVersion: string;
    readonly metadata: { name: string; namespace?: string };
  };
  const known = kindOf(splitApiVersion(apiVersion).group, kind) ?? (kind as Kind);
  const twin = twinGroupOf({ kind: known, apiVersion }) === undefined ? undefined : twinOf(known);
  const { group, plural } = twin ?? kinds[known];
  const { scope } = kinds[known];
  const { name, namespace = "default" } = metadata;
  return { group, plural, name, ...(scope === "Cluster" ? {} : { namespace }) };
}

function crdOf(kind: Kind, bundleVersion: string, channel: string): Json {
  const { group, plural, versions } = kinds[kind];
  const prefix = "gateway.networking.k8s.io";
  const annotations = { [`${prefix}/bundle-version`]: bundleVersion, [`${prefix}/channel`]: channel };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}`, annotations },
    spec: { group, names: { kind, plural }, versions: Object.keys(versions).map((name) => ({ name, served: true })) },
  };
}

function typeOf({ group, version, plural }: Target): { readonly apiVersion: string; readonly kind: string } {
  const twin = kindNames.map(twinOf).find((one) => one?.group === group && one.plural === plural);
  const known = twin?.kind ?? kindNames.find((name) => kinds[name].group === group && kinds[name].plural === plural);
  const singular = plural.replace(/s$/, "");
  const kind = known ?? `${singular.charAt(0).toUpperCase()}${singular.slice(1)}`;
  return { apiVersion: group === "" ? version : `${group}/${version}`, kind };
}

function inVersion(object: Json, target: Target, metadataOnly: boolean): Json {
  if (object["kind"] === "Status") return object;
  const { apiVersion, kind } = typeOf(target);
  if (metadataOnly) {
    return { apiVersion: "meta.k8s.io/v1", kind: "PartialObjectMetadata", metadata: object["metadata"] };
  }
  return { ...object, apiVersion, kind: object["kind"] ?? kind };
}

function tell(watcher: Watcher, change: Change): void {
  const { target, query } = watcher;
  const { place, object, before } = change;
  if (place.group !== target.group || place.plural !== target.plural) return;
  if (target.namespace !== undefined && place.namespace !== target.namespace) return;
  const fits = change.type !== "DELETED" && fitsSelectors(object, query);
  const fitted = before !== undefined && fitsSelectors(before, query);
  if (fits) send(watcher, fitted ? "MODIFIED" : "ADDED", object);
  else if (fitted) send(watcher, "DELETED", object);
}

function send(watcher: Watcher, type: string, object: StoredObject): void {
  if (watcher.state === "silent") return;
  const shown = inVersion(object, watcher.target, watcher.metadataOnly);
  watcher.response.write(`${JSON.stringify({ type, object: shown })}\n`);
}

async function readBody(request: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

function reply(response: ServerResponse, status: number, body: Json): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function refuse(response: ServerResponse, error: unknown): void {
  const { status = 500, reason = "InternalError", message } = error as Partial<Refusal>;
  reply(response, status, { apiVersion: "v1", kind: "Status", status: "Failure", code: status, reason, message });
}
