/** What the rest of Sluice may ask of a Kubernetes API server, and what it gets. Types and the error; no I/O here. */

/** Where a resource, or a list of them, lives in the API. */
export type ResourcePath = {
  /** `""` is the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** Absent: cluster-scoped, or a list over all namespaces. */
  readonly namespace?: string;
  /** Absent: the list. */
  readonly name?: string;
  readonly subresource?: "status";
};

/** An object of the API as it came: nothing about it has been checked. */
export type KubeObject = Readonly<Record<string, unknown>>;

export type KubeList = {
  readonly resourceVersion: string;
  /** Token of the next page; absent on the last. */
  readonly continueToken?: string;
  /** With `apiVersion` and `kind` filled in, which the API leaves out of list items. */
  readonly items: readonly KubeObject[];
};

export type Selection = {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Ask for metadata alone (PartialObjectMetadata). Items keep the kind that was asked for. */
  readonly metadataOnly?: boolean;
};

export type ListOptions = Selection & {
  /** Objects a page. Default: all at once. */
  readonly limit?: number;
  readonly continueToken?: string;
  /** `"0"`: whatever the server has at hand. Absent: the newest. */
  readonly resourceVersion?: string;
  readonly signal?: AbortSignal;
};

export type WatchOptions = Selection & {
  readonly resourceVersion: string;
  /** After this the server ends the watch. Seconds. */
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
  /** Called when the server has accepted the watch, which is before there is anything to tell. */
  readonly onOpen?: () => void;
};

/** Bookmarks are asked for always; their object has nothing but a resourceVersion. */
export type WatchEvent = {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  readonly object: KubeObject;
};

export type PatchOptions = {
  /** `merge`: RFC 7386. `apply`: server-side apply, forced, owned by `fieldManager`. */
  readonly type: "merge" | "apply";
  readonly fieldManager: string;
  readonly signal?: AbortSignal;
};

/** Preconditions under which a deletion happens; otherwise a {@link KubeError} of status 409. */
export type DeleteOptions = {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly signal?: AbortSignal;
};

/**
 * One API server. Every call rejects with a {@link KubeError} when the server says no or cannot be reached, and ends by
 * itself within a bounded time; nothing is tried twice in here.
 */
export interface KubeClient {
  get(path: ResourcePath, signal?: AbortSignal): Promise<KubeObject>;
  list(path: ResourcePath, options?: ListOptions): Promise<KubeList>;
  /** Ends when the server ends it; throws on anything else, also {@link KubeError} of status 410 when too old. */
  watch(path: ResourcePath, options: WatchOptions): AsyncIterable<WatchEvent>;
  create(path: ResourcePath, object: KubeObject, signal?: AbortSignal): Promise<KubeObject>;
  /** Needs `metadata.resourceVersion`; 409 when it is not the newest. */
  replace(path: ResourcePath, object: KubeObject, signal?: AbortSignal): Promise<KubeObject>;
  patch(path: ResourcePath, patch: KubeObject, options: PatchOptions): Promise<KubeObject>;
  delete(path: ResourcePath, options?: DeleteOptions): Promise<void>;
  /** Any other path of the server, such as `/version` or `/apis`. */
  raw(path: string, signal?: AbortSignal): Promise<unknown>;
  /**
   * Calls `listener` when the server answers after it was away, and while it says that it has just started: waits for a next
   * attempt can end. At most once a second. Returns what takes it off again.
   */
  onReachable(listener: () => void): () => void;
  close(): Promise<void>;
}

type KubeErrorDetail = {
  readonly status: number;
  readonly reason?: string;
  readonly serverMessage?: string;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
};

/** What an API server refused, or that it could not be reached (`status` 0). The message is fit for users. */
export class KubeError extends Error {
  override readonly name = "KubeError";
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** `Status.reason`, such as `Conflict`, `NotFound`, `Expired`; `""` when there was none. */
  readonly reason: string;
  /** `Status.message`: the server's own words, without where it is and what was asked; at most 1,000 characters. `""` when there were none. */
  readonly serverMessage: string;
  /** From `Retry-After`. Milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, detail: KubeErrorDetail) {
    super(message, detail.cause === undefined ? {} : { cause: detail.cause });
    this.status = detail.status;
    this.reason = detail.reason ?? "";
    this.serverMessage = detail.serverMessage ?? "";
    this.retryAfterMs = detail.retryAfterMs;
  }
}
