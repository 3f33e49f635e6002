import { once } from "node:events";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import type { HttpListener } from "../../src/ir/routing-model.ts";
import type { OcspStaple, SecretMaterial } from "../../src/ir/secret-table.ts";
import type { CaSource, ClientValidation } from "../../src/ir/tls.ts";
import { makeCertificate, type TestCertificate } from "../test-certificate.ts";
import type { TestListener } from "./model-builder.ts";
import { get, RawClient, type RawResponse } from "./raw-client.ts";

export type ListenerTlsSettings = NonNullable<HttpListener["tls"]>;
export type Secrets = Map<string, SecretMaterial>;

/** Signs the gateways' certificates of tests. */
export const root: TestCertificate = makeCertificate({ commonName: "root", authority: "yes" });

/** TLS of a listener with these certificates, each for its names; their material goes into `secrets`. */
export function terminate(
  secrets: Secrets,
  certificates: readonly (readonly [certificate: TestCertificate, names: readonly string[], staple?: OcspStaple])[],
  settings: Partial<Omit<ListenerTlsSettings, "mode" | "certificates">> = {},
): ListenerTlsSettings {
  const refs = certificates.map(([certificate, names, staple]) => {
    const fingerprint = `${secrets.size}|${certificate.certPem.slice(-80)}`;
    secrets.set(fingerprint, {
      kind: "certificate",
      chainPem: certificate.certPem,
      keyPem: certificate.keyPem,
      ...(staple === undefined ? {} : { ocspStaple: staple }),
    });
    return { key: fingerprint, fingerprint, names };
  });
  return { mode: "terminate", certificates: refs, minVersion: "TLSv1.2", ...settings };
}

/** Client certificates by these authorities; their bundles go into `secrets`. */
export function validate(
  secrets: Secrets,
  authorities: readonly TestCertificate[],
  mode: ClientValidation["mode"] = "allowValidOnly",
): ClientValidation {
  const ca = authorities.map((authority): CaSource => {
    const key = `ca|${authority.certPem.slice(-80)}`;
    secrets.set(key, { kind: "ca", bundlePem: authority.certPem });
    return { kind: "bundle", key, fingerprint: key };
  });
  return { ca, mode };
}

/** An HTTPS listener on port 443 in front of one backend port. */
export function httpsListener(
  name: string,
  hostname: string,
  tls: ListenerTlsSettings,
  backendPort: number,
): TestListener {
  const rules = [{ name, backends: [{ name: "app", ports: [backendPort] }] }];
  return { name, port: 443, hostname, tls, rules };
}

export type TestClient = ConnectionOptions & { readonly certificate?: TestCertificate | undefined };

function options({ certificate, ...rest }: TestClient): ConnectionOptions {
  const own = certificate === undefined ? {} : { cert: certificate.certPem, key: certificate.keyPem };
  return { host: "127.0.0.1", ca: root.certPem, checkServerIdentity: () => undefined, ...own, ...rest };
}

/** One request over TLS; what went wrong when there is no answer. `host` is the server name too. */
export async function ask(
  port: number,
  host: string,
  client: TestClient = {},
  lines = "",
): Promise<RawResponse | Error> {
  try {
    await using raw = await RawClient.connectTls(port, { servername: host, ...options(client) });
    raw.send(get("/", lines, host));
    return await raw.response();
  } catch (error) {
    return error as Error;
  }
}

/** The status of one request over TLS, or `"refused"`. */
export async function statusOf(port: number, host: string, client: TestClient = {}): Promise<number | "refused"> {
  const answer = await ask(port, host, client);
  return answer instanceof Error ? "refused" : answer.status;
}

/** What one handshake with one request showed. */
export type Handshake = {
  readonly socket: TLSSocket;
  readonly resumed: boolean;
  readonly protocol: string | null;
  readonly cipher: string;
  readonly subject: string;
  readonly keyType: string | undefined;
  /** To resume with. */
  readonly session: Buffer;
};

/** Makes a handshake and a request, so that tickets have come; rejects when either fails. */
export async function handshake(port: number, host: string, client: TestClient = {}): Promise<Handshake> {
  const socket = connect({ port, ...(host === "" ? {} : { servername: host }), ...options(client) });
  let session: Buffer | undefined;
  socket.on("session", (newest: Buffer) => {
    session = newest;
  });
  await once(socket, "secureConnect");
  const raw = new RawClient(socket);
  try {
    raw.send(get("/", "", host === "" ? "app.example.test" : host));
    await raw.response();
    const peer = socket.getPeerX509Certificate();
    return {
      socket,
      resumed: socket.isSessionReused(),
      protocol: socket.getProtocol(),
      cipher: socket.getCipher().name,
      subject: peer?.subject.replace("CN=", "") ?? "",
      keyType: peer?.publicKey.asymmetricKeyType,
      session: session ?? socket.getSession() ?? Buffer.alloc(0),
    };
  } finally {
    socket.destroy();
  }
}
