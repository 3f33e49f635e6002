/** The API server of the cluster that we run in, as every pod is told. No package: these are two variables and three files. */
import { access, readFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import { type ApiAccess, ApiAccessError, keepFor } from "./api-access.ts";

const serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Tokens are replaced long before they end (at 80 % of an hour), so reading them once a minute is soon enough. */
const tokenKeepMs = 60_000;

export type InClusterOptions = {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where the service account is mounted. */
  readonly folder?: string;
};

/** `undefined` outside a cluster: no service address in the environment, or no token mounted. */
export async function inClusterAccess(options: InClusterOptions = {}): Promise<ApiAccess | undefined> {
  const { env = process.env, folder = serviceAccountFolder } = options;
  const host = env["KUBERNETES_SERVICE_HOST"];
  const port = env["KUBERNETES_SERVICE_PORT"];
  const tokenFile = join(folder, "token");
  if (!host || !port || !(await exists(tokenFile))) return undefined;
  const token = keepFor(tokenKeepMs, () => readRequired(tokenFile));
  await token.get();
  const namespace = await readFile(join(folder, "namespace"), "utf8").catch(() => "");
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    tls: { ca: await readRequired(join(folder, "ca.crt")) },
    ...(namespace.trim() === "" ? {} : { namespace: namespace.trim() }),
    credentials: async () => ({ headers: { authorization: `Bearer ${await token.get()}` } }),
    forgetCredentials: () => token.forget(),
  };
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function readRequired(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    throw new ApiAccessError(`The pod's service account cannot be read: ${(error as Error).message}.`);
  }
}
