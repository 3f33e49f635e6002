import { Agent, type Dispatcher, ProxyAgent } from "undici";
import { kindNames, kinds } from "../resource/kinds.ts";
import type { ApiAccess, Credentials } from "./api-access.ts";
import {
  type Asked,
  malformedError,
  refusedError,
  startingError,
  tooLargeError,
  unreachableError,
  watchError,
} from "./api-error.ts";
import { LineTooLongError, readLines } from "./json-lines.ts";
import {
  type DeleteOptions,
  type KubeClient,
  KubeError,
  type KubeList,
  type KubeObject,
  type ListOptions,
  type PatchOptions,
  type ResourcePath,
  type Selection,
  type WatchEvent,
  type WatchOptions,
} from "./kube-client.ts";
import { describeResource, resourceUrl } from "./resource-url.ts";
import { ServerReach } from "./server-reach.ts";

export type KubeClientOptions = {
  readonly access: ApiAccess;
  /** `User-Agent`, which the server's audit log shows. Default `sluice`. */
  readonly userAgent?: string;
  /** Owner of the fields that {@link KubeClient.create} and {@link KubeClient.replace} write. Default `sluice`. */
  readonly fieldManager?: string;
  /** A request that is no watch ends within this. Default 30,000 ms. */
  readonly requestTimeoutMs?: number;
  /** An answer that is longer is refused. Default 64 MiB, far above 500 objects of a usual size. */
  readonly bodyLimitBytes?: number;
  /** A watch event that is longer is refused. Default 8 MiB; the server stores at most 1.5 MiB an object. */
  readonly eventLimitBytes?: number;
};

/** Requests at the same time; watches have connections of their own, so that they never wait for one another. */
const requestConnections = 16;

/** A peer that is gone without a word is found out within about two minutes, by the system. */
const keepAliveDelayMs = 15_000;

/** A server that is back answers a probe at once. */
const probeTimeoutMs = 5000;

/** A watch is held open so much longer than the server was asked to. */
const watchGraceMs = 30_000;

/** A client of one API server. Connects when first asked; {@link KubeClient.close} ends whatever is under way. */
export function openKubeClient(options: KubeClientOptions): KubeClient {
  return new HttpKubeClient(options);
}

type Call = {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: URLSearchParams;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly asked: Asked;
  readonly signal?: AbortSignal | undefined;
};

type Agents = { readonly requests: Dispatcher; readonly watches: Dispatcher; readonly certificate: string };

class HttpKubeClient implements KubeClient {
  readonly #options: KubeClientOptions;
  readonly #origin: string;
  readonly #basePath: string;
  readonly #closing = new AbortController();
  readonly #reach = new ServerReach({ probe: () => this.#isThere() });
  #agents: Agents | undefined;

  constructor(options: KubeClientOptions) {
    const { origin, pathname } = new URL(options.access.server);
    this.#options = options;
    this.#origin = origin;
    this.#basePath = pathname.replace(/\/+$/, "");
  }

  async get(path: ResourcePath, signal?: AbortSignal): Promise<KubeObject> {
    return this.#object({ method: "GET", ...this.#target("get", path), signal });
  }

  async list(path: ResourcePath, options: ListOptions = {}): Promise<KubeList> {
    const query = selectionQuery(options);
    if (options.limit !== undefined) query.set("limit", String(options.limit));
    if (options.continueToken !== undefined) query.set("continue", options.continueToken);
    if (options.resourceVersion !== undefined) query.set("resourceVersion", options.resourceVersion);
    const target = this.#target("list", path);
    const accept = options.metadataOnly ? metadataAccept("PartialObjectMetadataList") : "application/json";
    const list = await this.#object({ method: "GET", ...target, query, accept, signal: options.signal });
    return readList(list, target.asked, options.metadataOnly ? kindAt(path) : undefined);
  }

  async *watch(path: ResourcePath, options: WatchOptions): AsyncGenerator<WatchEvent> {
    const query = selectionQuery(options);
    query.set("watch", "true");
    query.set("allowWatchBookmarks", "true");
    query.set("resourceVersion", options.resourceVersion);
    query.set("timeoutSeconds", String(options.timeoutSeconds));
    const { asked, ...target } = this.#target("watch", path);
    const accept = options.metadataOnly ? metadataAccept("PartialObjectMetadata") : "application/json";
    const limitMs = options.timeoutSeconds * 1000 + watchGraceMs;
    const { eventLimitBytes = 8 * 1024 * 1024 } = this.#options;
    const ending = new AbortController();
    const signal = this.#deadline(limitMs, options.signal, ending.signal);
    const kind = options.metadataOnly ? kindAt(path) : undefined;
    try {
      const call: Call = { method: "GET", ...target, query, accept, asked, signal };
      const answer = await this.#send(call, "watches", signal);
      options.onOpen?.();
      for await (const line of readLines(answer.body, eventLimitBytes)) {
        yield readEvent(line, asked, kind);
      }
    } catch (error) {
      if (error instanceof LineTooLongError) throw tooLargeError(asked, eventLimitBytes);
      throw this.#failure(asked, error, signal);
    } finally {
      ending.abort();
    }
  }

  async create(path: ResourcePath, object: KubeObject, signal?: AbortSignal): Promise<KubeObject> {
    return this.#object({ method: "POST", ...this.#target("create", path), ...this.#written(object), signal });
  }

  async replace(path: ResourcePath, object: KubeObject, signal?: AbortSignal): Promise<KubeObject> {
    return this.#object({ method: "PUT", ...this.#target("replace", path), ...this.#written(object), signal });
  }

  async patch(path: ResourcePath, patch: KubeObject, options: PatchOptions): Promise<KubeObject> {
    const query = new URLSearchParams({ fieldManager: options.fieldManager });
    if (options.type === "apply") query.set("force", "true");
    // JSON is YAML, the only type that the API has for apply.
    const contentType = options.type === "apply" ? "application/apply-patch+yaml" : "application/merge-patch+json";
    const target = this.#target("patch", path);
    return this.#object({ method: "PATCH", ...target, query, contentType, body: patch, signal: options.signal });
  }

  async delete(path: ResourcePath, options: DeleteOptions = {}): Promise<void> {
    const { uid, resourceVersion, signal } = options;
    const preconditions = { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) };
    const body = {
      apiVersion: "v1",
      kind: "DeleteOptions",
      propagationPolicy: "Background",
      ...(Object.keys(preconditions).length === 0 ? {} : { preconditions }),
    };
    await this.#object({ method: "DELETE", ...this.#target("delete", path), body, signal });
  }

  async raw(path: string, signal?: AbortSignal): Promise<unknown> {
    const asked = { what: `read ${path}`, server: this.#options.access.server };
    return this.#json({ method: "GET", path, asked, signal });
  }

  onReachable(listener: () => void): () => void {
    return this.#reach.subscribe(listener);
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#reach.close();
    this.#closing.abort(new Error("the client is closed"));
    const agents = this.#agents;
    this.#agents = undefined;
    await Promise.all([agents?.requests.destroy(), agents?.watches.destroy()]);
  }

  #target(verb: string, path: ResourcePath): Pick<Call, "path" | "asked"> {
    const asked = { what: `${verb} ${describeResource(path)}`, server: this.#options.access.server };
    return { path: resourceUrl(path), asked };
  }

  #written(body: KubeObject): Pick<Call, "query" | "body"> {
    return { query: new URLSearchParams({ fieldManager: this.#options.fieldManager ?? "sluice" }), body };
  }

  #deadline(limitMs: number, ...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
    const given = signals.filter((signal) => signal !== undefined);
    return AbortSignal.any([AbortSignal.timeout(limitMs), this.#closing.signal, ...given]);
  }

  async #object(call: Call): Promise<KubeObject> {
    const value = await this.#json(call);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as KubeObject;
    throw malformedError(call.asked, "its answer is no object");
  }

  async #json(call: Call): Promise<unknown> {
    const { requestTimeoutMs = 30_000, bodyLimitBytes = 64 * 1024 * 1024 } = this.#options;
    const signal = this.#deadline(requestTimeoutMs, call.signal);
    try {
      const answer = await this.#send(call, "requests", signal);
      return JSON.parse(await readText(answer.body, { limitBytes: bodyLimitBytes, asked: call.asked }));
    } catch (error) {
      if (error instanceof SyntaxError) throw malformedError(call.asked, "its answer is no JSON");
      throw this.#failure(call.asked, error, signal);
    }
  }

  /** Never rejects. A server that refuses is there. */
  #isThere(): Promise<boolean> {
    return this.raw("/version", AbortSignal.timeout(probeTimeoutMs)).then(
      () => true,
      (error) =>
        error instanceof KubeError && (error.reason === "Starting" || (error.status > 0 && error.status < 500)),
    );
  }

  /** The error for callers; takes note of a server that is away, which one that was called off does not show. */
  #failure(asked: Asked, error: unknown, signal: AbortSignal): KubeError {
    const reason = signal.aborted ? (signal.reason ?? error) : error;
    const isCalledOff = signal.aborted && !(reason instanceof Error && reason.name === "TimeoutError");
    const failure = unreachableError(asked, reason);
    if (error !== failure) {
      if (!isCalledOff) this.#reach.failed();
      return failure;
    }
    if (failure.status >= 500) this.#reach.failed();
    if (!this.#reach.isStarting || (failure.status !== 401 && failure.status !== 403)) return failure;
    this.#reach.refused();
    return startingError(failure);
  }

  /** The answer when it is 2xx. */
  async #send(call: Call, kind: "requests" | "watches", signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    signal.throwIfAborted();
    const { access, userAgent = "sluice", requestTimeoutMs = 30_000 } = this.#options;
    const credentials: Credentials = (await access.credentials?.()) ?? { headers: {} };
    signal.throwIfAborted();
    const query = call.query?.toString() ?? "";
    const answer = await this.#agentsFor(credentials)[kind].request({
      origin: this.#origin,
      path: `${this.#basePath}${call.path}${query === "" ? "" : `?${query}`}`,
      method: call.method,
      headers: {
        ...credentials.headers,
        accept: call.accept ?? "application/json",
        "user-agent": userAgent,
        ...(call.body === undefined ? {} : { "content-type": call.contentType ?? "application/json" }),
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      signal,
      headersTimeout: requestTimeoutMs,
      bodyTimeout: 0,
    });
    if (answer.statusCode < 500) this.#reach.answered();
    if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
    if (answer.statusCode === 401) access.forgetCredentials?.();
    const limits = { limitBytes: 1024 * 1024, asked: call.asked };
    const body = await readText(answer.body, limits).catch(() => "");
    const retryAfter = answer.headers["retry-after"];
    throw refusedError(call.asked, {
      status: answer.statusCode,
      body,
      ...(typeof retryAfter === "string" ? { retryAfter } : {}),
    });
  }

  /** Connections live as long as the client certificate that they were opened with. */
  #agentsFor({ clientCertificate }: Credentials): Agents {
    const certificate = clientCertificate?.cert ?? "";
    if (this.#agents?.certificate === certificate) return this.#agents;
    const { proxyUrl, tls } = this.#options.access;
    const connect = {
      ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls?.servername === undefined ? {} : { servername: tls.servername }),
      ...(tls?.verify === "skip" ? { rejectUnauthorized: false } : {}),
      ...clientCertificate,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveDelayMs,
    };
    const open = (connections: number | null): Dispatcher => {
      const pool = { connections, allowH2: false };
      if (proxyUrl === undefined) return new Agent({ ...pool, connect });
      return new ProxyAgent({ ...pool, uri: proxyUrl, requestTls: connect });
    };
    // Watches of the former certificate go on until they end; the server cuts those that it no longer trusts.
    const former = this.#agents;
    void former?.requests.close();
    void former?.watches.close();
    this.#agents = { requests: open(requestConnections), watches: open(null), certificate };
    return this.#agents;
  }
}

function selectionQuery({ labelSelector, fieldSelector }: Selection): URLSearchParams {
  const query = new URLSearchParams();
  if (labelSelector !== undefined) query.set("labelSelector", labelSelector);
  if (fieldSelector !== undefined) query.set("fieldSelector", fieldSelector);
  return query;
}

/** Spec: Kubernetes API concepts, "Metadata-only fetches". */
function metadataAccept(kind: string): string {
  return `application/json;as=${kind};g=meta.k8s.io;v=v1`;
}

type KindFields = { readonly apiVersion?: string; readonly kind?: string };

/** What `PartialObjectMetadata` leaves out about the kinds that Sluice knows. */
function kindAt({ group, version, plural }: ResourcePath): KindFields {
  const kind = kindNames.find((name) => kinds[name].plural === plural && kinds[name].group === group);
  return kind === undefined ? {} : { apiVersion: group === "" ? version : `${group}/${version}`, kind };
}

/** `itemKind`: what to write into the items when they come as metadata alone. */
function readList(list: KubeObject, asked: Asked, itemKind: KindFields | undefined): KubeList {
  const { items, metadata, apiVersion, kind } = list;
  const { resourceVersion, continue: continueToken } = (metadata ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof resourceVersion !== "string" || (items !== undefined && items !== null && !Array.isArray(items)))
    throw malformedError(asked, "its answer is no list");
  const own = { apiVersion, kind: typeof kind === "string" ? kind.replace(/List$/, "") : undefined };
  return {
    resourceVersion,
    ...(typeof continueToken === "string" && continueToken !== "" ? { continueToken } : {}),
    items: ((items ?? []) as KubeObject[]).map((item) => ({ ...own, ...item, ...itemKind })),
  };
}

function readEvent(line: string, asked: Asked, kind: KindFields | undefined): WatchEvent {
  let event: { readonly type?: unknown; readonly object?: unknown };
  try {
    event = JSON.parse(line);
  } catch {
    throw malformedError(asked, "it sent an event that is no JSON");
  }
  const { type, object } = event;
  if (type === "ERROR") throw watchError(asked, object);
  if (type !== "ADDED" && type !== "MODIFIED" && type !== "DELETED" && type !== "BOOKMARK")
    throw malformedError(asked, "it sent an event of an unknown type");
  if (typeof object !== "object" || object === null) throw malformedError(asked, "it sent an event without an object");
  return { type, object: kind === undefined ? (object as KubeObject) : { ...object, ...kind } };
}

async function readText(
  body: AsyncIterable<Uint8Array>,
  { limitBytes, asked }: { readonly limitBytes: number; readonly asked: Asked },
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > limitBytes) {
      throw tooLargeError(asked, limitBytes);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
