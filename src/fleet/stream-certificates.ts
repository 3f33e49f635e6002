import {
  type AuthorityData,
  issueServer,
  needsRenewal,
  nextAuthority,
  type StreamAuthority,
  type StreamCertificate,
} from "../config-stream/stream-authority.ts";
import { authoritySecret } from "../install/names.ts";
import { type KubeClient, KubeError, type KubeObject } from "../kube/kube-client.ts";
import type { Logger } from "../telemetry/log.ts";

/**
 * How often the authority and the controller's own certificate are looked at. Timers stand still while a machine sleeps and
 * certificates do not: after that, proxies are locked out for no longer than this.
 */
const lookMs = 60_000;
const attempts = 5;

export type StreamCertificatesOptions = {
  readonly client: KubeClient;
  /** The controller's. */
  readonly namespace: string;
  /** Names and addresses under which proxies reach the controller. */
  readonly dnsNames: readonly string[];
  readonly log: Logger;
  /** Told when the authority, or the controller's own certificate, is another one. */
  readonly onChange: () => void;
};

/**
 * The certificates of the configuration stream. Their authority is kept in a Secret that all replicas share: each moves its
 * rotation on when that is due, and of two at once the API server lets one through.
 */
export class StreamCertificates implements Disposable {
  readonly #options: StreamCertificatesOptions;
  readonly #timer: NodeJS.Timeout;
  #authority: StreamAuthority;
  #server: StreamCertificate;
  #isFailing = false;
  #isDisposed = false;

  private constructor(options: StreamCertificatesOptions, authority: StreamAuthority) {
    this.#options = options;
    this.#authority = authority;
    this.#server = issueServer(authority, options.dnsNames, Date.now());
    this.#timer = setInterval(() => void this.#look(), lookMs);
    this.#timer.unref();
  }

  /** Reads the authority, or makes it. Rejects with a {@link KubeError} when neither is possible. */
  static async open(options: StreamCertificatesOptions): Promise<StreamCertificates> {
    return new StreamCertificates(options, await loadAuthority(options));
  }

  /** The controller's own. */
  get server(): StreamCertificate {
    return this.#server;
  }

  /** Signs the certificates of data planes. */
  get authority(): StreamAuthority {
    return this.#authority;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearInterval(this.#timer);
  }

  /** Never rejects. While the authority cannot be read, the one in memory goes on signing. */
  async #look(): Promise<void> {
    const before = this.#authority;
    try {
      this.#authority = await loadAuthority(this.#options);
      this.#isFailing = false;
    } catch (error) {
      const text = "The CA of the configuration stream could not be read; retrying.";
      this.#options.log[this.#isFailing ? "debug" : "warn"](text, { error });
      this.#isFailing = true;
    }
    const authority = this.#authority;
    const isSame = authority.bundlePem === before.bundlePem;
    if (this.#isDisposed || (isSame && !needsRenewal(this.#server["tls.crt"], authority, Date.now()))) return;
    this.#server = issueServer(authority, this.#options.dnsNames, Date.now());
    this.#options.onChange();
  }
}

async function loadAuthority({ client, namespace, log }: StreamCertificatesOptions): Promise<StreamAuthority> {
  const list = { group: "", version: "v1", plural: "secrets", namespace };
  for (let attempt = 1; ; attempt++) {
    try {
      const stored = await readSecret(client, { ...list, name: authoritySecret.name });
      const { authority, write, problem } = nextAuthority(stored?.data, Date.now());
      if (problem !== undefined) log.error(problem, { event: "stream" });
      if (write === undefined) return authority;
      const secret = secretOf(namespace, write, stored?.resourceVersion);
      if (stored === undefined) await client.create(list, secret);
      else await client.replace({ ...list, name: authoritySecret.name }, secret);
      return authority;
    } catch (error) {
      // Another replica was first: what it wrote counts.
      if (!(error instanceof KubeError && error.status === 409) || attempt === attempts) throw error;
    }
  }
}

type StoredSecret = { readonly data: Readonly<Record<string, string>>; readonly resourceVersion: string };

async function readSecret(
  client: KubeClient,
  path: Parameters<KubeClient["get"]>[0],
): Promise<StoredSecret | undefined> {
  let object: KubeObject;
  try {
    object = await client.get(path);
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined;
    throw error;
  }
  const { data, metadata } = object as {
    data?: Readonly<Record<string, string>>;
    metadata?: { resourceVersion?: string };
  };
  const decoded = Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]);
  return { data: Object.fromEntries(decoded), resourceVersion: metadata?.resourceVersion ?? "" };
}

function secretOf(namespace: string, data: AuthorityData, resourceVersion: string | undefined): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: authoritySecret.name,
      namespace,
      labels: { "app.kubernetes.io/name": "sluice", "app.kubernetes.io/component": "controller" },
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    type: authoritySecret.type,
    data: Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "utf8").toString("base64")]),
    ),
  };
}
