/** Where an API server is and how to be let in; the secret parts are asked for anew, since they change while we run. */

export type Credentials = {
  /** Sent with every request, such as `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  /** PEM, for TLS client authentication. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string };
};

export type ServerTls = {
  /** PEM; absent: the authorities that the machine trusts. */
  readonly ca?: string;
  /** Name to ask for and to check, where it is not that of the address. */
  readonly servername?: string;
  /** `"skip"`: the user has turned the check off in the kubeconfig. Default `"check"`. */
  readonly verify?: "check" | "skip";
};

export type ApiAccess = {
  /** `https://host:port` and a path where the API is not at the root; no slash at the end. */
  readonly server: string;
  readonly tls?: ServerTls;
  /** `http://`, `https://` or `socks5://` proxy between us and the server. */
  readonly proxyUrl?: string;
  /** Where commands act when no namespace is named. */
  readonly namespace?: string;
  /** What to send now. Cheap: it may be asked for with every request. Absent: nothing is sent. */
  credentials?(): Promise<Credentials>;
  /** The server did not accept what was sent (401): the next {@link ApiAccess.credentials} reads it anew. */
  forgetCredentials?(): void;
};

/** No way to an API server was found, or what says it cannot be read. The message is fit for users. */
export class ApiAccessError extends Error {
  override readonly name = "ApiAccessError";
}

/** What `read` gives, kept for `keepMs` and until it is forgotten; readers at the same time share one reading. */
export function keepFor<T>(keepMs: number, read: () => Promise<T>): { get(): Promise<T>; forget(): void } {
  let kept: { readonly value: Promise<T>; readonly atMs: number } | undefined;
  return {
    get() {
      const nowMs = performance.now();
      if (kept && nowMs - kept.atMs < keepMs) return kept.value;
      const entry = { value: read(), atMs: nowMs };
      kept = entry;
      entry.value.catch(() => {
        if (kept === entry) kept = undefined;
      });
      return entry.value;
    },
    forget() {
      kept = undefined;
    },
  };
}
