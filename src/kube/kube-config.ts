import { access } from "node:fs/promises";
import type { RequestOptions } from "node:https";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { type ApiAccess, ApiAccessError, type Credentials, keepFor } from "./api-access.ts";
import { type InClusterOptions, inClusterAccess } from "./in-cluster-access.ts";

export type KubeConfigOptions = InClusterOptions & {
  /** A kubeconfig; it alone counts then. */
  readonly file?: string;
  /** Default: the kubeconfig's current context. */
  readonly context?: string;
};

/** Files and commands behind credentials are not asked more often than this, except after a 401. */
const credentialsKeepMs = 60_000;

/**
 * Finds the API server: the given kubeconfig, else those of `KUBECONFIG` (merged, the first one counts), else the cluster
 * that we run in, else `~/.kube/config`. Throws {@link ApiAccessError} when there is none or it cannot be used.
 */
export async function readKubeConfig(options: KubeConfigOptions = {}): Promise<ApiAccess> {
  const { env = process.env } = options;
  const named = options.file === undefined ? env["KUBECONFIG"] : options.file;
  if (named) {
    const files = options.file === undefined ? named.split(delimiter).filter((file) => file !== "") : [named];
    return fileAccess(files, options.context);
  }
  const inCluster = await inClusterAccess(options);
  if (inCluster) return inCluster;
  const home = join(env["HOME"] ?? homedir(), ".kube", "config");
  return fileAccess([home], options.context).catch((error: unknown) => {
    if (!isMissing((error as Error).cause)) throw error;
    throw new ApiAccessError(
      `There is no cluster to talk to: KUBECONFIG is not set, there is no ${home}, and this is not a pod. Give a kubeconfig with --kubeconfig FILE.`,
    );
  });
}

async function fileAccess(files: readonly string[], context: string | undefined): Promise<ApiAccess> {
  const first = await load(files, context);
  const cluster = first.getCurrentCluster();
  if (!cluster) throw unusable(files, `its context ${first.getCurrentContext() || "(none)"} names no cluster`);
  const { server, proxyUrl } = cluster;
  if (!/^https?:\/\//.test(server)) throw unusable(files, `its server ${server} is not an http or https address`);
  if (proxyUrl !== undefined && !/^(https?|socks5):\/\//.test(proxyUrl))
    throw unusable(files, "its proxy-url is none of http, https and socks5, the kinds of proxy that are supported");
  const { ca, servername, rejectUnauthorized } = await httpsOptions(first, files);
  const namespace = first.getContextObject(first.getCurrentContext())?.namespace;

  // The first reading is used once; after a 401 the files are read again, since tools replace what is in them.
  let current: KubeConfig | undefined = first;
  const credentials = keepFor(credentialsKeepMs, async () => {
    current ??= await load(files, context);
    return credentialsOf(await httpsOptions(current, files));
  });
  return {
    server: server.replace(/\/+$/, ""),
    tls: {
      ...(ca ? { ca: String(ca) } : {}),
      ...(servername ? { servername } : {}),
      ...(rejectUnauthorized === false ? { verify: "skip" as const } : {}),
    },
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
    ...(namespace ? { namespace } : {}),
    credentials: () => credentials.get(),
    forgetCredentials() {
      current = undefined;
      credentials.forget();
    },
  };
}

/** The package costs more than half a second and 80 MiB (docs/design/0004), so it is loaded only where there is a kubeconfig. */
async function load(files: readonly string[], context: string | undefined): Promise<KubeConfig> {
  for (const file of files) {
    await access(file).catch((error: Error) => {
      throw unusable([file], error.message, error);
    });
  }
  const { KubeConfig } = await loadPackage(files);
  const config = new KubeConfig();
  for (const [index, file] of files.entries()) {
    try {
      const part = index === 0 ? config : new KubeConfig();
      part.loadFromFile(file);
      part.makePathsAbsolute(dirname(resolve(file)));
      if (part !== config) mergeNew(config, part);
    } catch (error) {
      throw unusable([file], ...problemOf(error as Error));
    }
  }
  if (context !== undefined) {
    if (!config.getContextObject(context)) throw unusable(files, `it has no context ${context}`);
    config.setCurrentContext(context);
  }
  // The package refuses plain http unless checking is off, where there is nothing to check.
  for (const cluster of config.clusters.filter(({ server }) => server.startsWith("http:")))
    Object.assign(cluster, { skipTLSVerify: true });
  return config;
}

/** An optional package, which the container image leaves out: in a pod there is no kubeconfig. */
async function loadPackage(files: readonly string[]): Promise<typeof import("@kubernetes/client-node")> {
  try {
    return await import("@kubernetes/client-node");
  } catch (cause) {
    throw new ApiAccessError(
      `The kubeconfig ${files.join(", ")} cannot be read: the optional package @kubernetes/client-node is not installed, as in the container image. Run sluice from an installation with it.`,
      { cause },
    );
  }
}

/** The parser quotes what it stumbled over, which may be a token or a key. */
function problemOf(
  error: Error & { readonly mark?: { readonly line?: number } },
): readonly [why: string, cause?: Error] {
  if (error.name !== "YAMLException") return [error.message, error];
  const { line } = error.mark ?? {};
  return [`it is not valid YAML${line === undefined ? "" : `, from line ${line + 1} on`}`];
}

/** What stands in an earlier file counts, as it does for kubectl; the package would throw. */
function mergeNew(config: KubeConfig, part: KubeConfig): void {
  const lacks = <T extends { readonly name: string }>(list: readonly T[]) => {
    const names = new Set(list.map(({ name }) => name));
    return ({ name }: T) => !names.has(name);
  };
  part.clusters.filter(lacks(config.clusters)).forEach((cluster) => {
    config.addCluster(cluster);
  });
  part.users.filter(lacks(config.users)).forEach((user) => {
    config.addUser(user);
  });
  part.contexts.filter(lacks(config.contexts)).forEach((context) => {
    config.addContext(context);
  });
  if (!config.getCurrentContext()) config.setCurrentContext(part.getCurrentContext());
}

/** Runs what the kubeconfig says: reads files, asks an OIDC provider, runs a credential command. */
async function httpsOptions(config: KubeConfig, files: readonly string[]): Promise<RequestOptions> {
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw unusable(files, `the credentials of its user cannot be had: ${(error as Error).message.trim()}`, error);
  }
  return options;
}

function credentialsOf({ headers, auth, cert, key }: RequestOptions): Credentials {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) own[name.toLowerCase()] = String(value).trim();
  if (typeof auth === "string") own["authorization"] ??= `Basic ${Buffer.from(auth).toString("base64")}`;
  return {
    headers: own,
    ...(cert && key ? { clientCertificate: { cert: String(cert), key: String(key) } } : {}),
  };
}

function unusable(files: readonly string[], reason: string, cause?: unknown): ApiAccessError {
  const text = reason.replace(/\.$/, "");
  return new ApiAccessError(`The kubeconfig ${files.join(", ")} cannot be used: ${text}.`, { cause });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
