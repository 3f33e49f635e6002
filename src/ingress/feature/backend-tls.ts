import { acceptedText, matching, onOrOff } from "../accepted-text.ts";
import { annotationRow } from "../annotation.ts";
import type { AnnotationSource, IngressFeature } from "../feature.ts";

export type BackendTlsVersion = "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";

/** How endpoints are spoken to over TLS (`backend-protocol` HTTPS or GRPCS) where a Secret is named; without one, no setting counts. */
export type BackendTls = {
  readonly secret: { readonly namespace: string; readonly name: string };
  /** Whether the Secret has certificates that may vouch for endpoints (`ca.crt`), and one for the gateway (`tls.crt`, `tls.key`). */
  readonly hasAuthorities: boolean;
  readonly hasCertificate: boolean;
  /** Whether what endpoints show must be vouched for and be for {@link name}. */
  readonly verify: boolean;
  /** Longest chain of intermediate certificates. At least 1. */
  readonly depth: number;
  /** `""`: the name that ingress-nginx gives its upstream, which no certificate has. */
  readonly name: string;
  /** Whether the endpoint is told {@link name} (SNI). */
  readonly tellsName: boolean;
  /** The lowest first. */
  readonly versions: readonly BackendTlsVersion[];
  /** In OpenSSL's language. `"DEFAULT"`: its own. */
  readonly ciphers: string;
};

const ofHost = { scope: "server" } as const;

/**
 * Annotations: proxy-ssl-secret, proxy-ssl-verify, proxy-ssl-verify-depth, proxy-ssl-name, proxy-ssl-server-name,
 * proxy-ssl-protocols, proxy-ssl-ciphers.
 */
export const backendTls: IngressFeature<BackendTls | undefined> = {
  annotations: [
    annotationRow(
      "proxy-ssl-secret",
      "Medium",
      "Secret with what vouches for endpoints (ca.crt) and the gateway's own certificate for them; without it, none of these annotations counts.",
      "",
      ofHost,
    ),
    annotationRow(
      "proxy-ssl-verify",
      "Low",
      "Whether certificates of endpoints are verified: on or off.",
      "off",
      ofHost,
    ),
    annotationRow(
      "proxy-ssl-verify-depth",
      "Low",
      "Longest chain of intermediate certificates of endpoints.",
      "1",
      ofHost,
    ),
    annotationRow("proxy-ssl-name", "High", "Name that certificates of endpoints must be for.", "", ofHost),
    annotationRow(
      "proxy-ssl-server-name",
      "Low",
      "Whether endpoints are told the name (SNI): on or off.",
      "off",
      ofHost,
    ),
    annotationRow("proxy-ssl-protocols", "Low", "Versions of TLS for endpoints.", "TLSv1 TLSv1.1 TLSv1.2", {
      ...ofHost,
      handling: { kind: "partly", lacks: "TLS 1.0 and 1.1 are not spoken." },
    }),
    annotationRow(
      "proxy-ssl-ciphers",
      "Medium",
      "Cipher suites for endpoints, in OpenSSL's language.",
      "DEFAULT",
      ofHost,
    ),
  ],
  read: (source) => {
    const text = source.text("proxy-ssl-secret") ?? "";
    if (text === "") return undefined;
    const secret = readSecret(source, text);
    if (secret === undefined) return undefined;
    const verify = readSwitch(source, "proxy-ssl-verify");
    const name = acceptedText(source, "proxy-ssl-name", serverName) ?? "";
    if (verify && secret.hasAuthorities && name === "") {
      source.report("ingress-backend-name-missing", "proxy-ssl-verify", {
        message: "proxy-ssl-verify is on without proxy-ssl-name: no certificate can be good, and requests get 502.",
        fix: "Write in proxy-ssl-name what the certificates of the endpoints are for.",
      });
    }
    return {
      ...secret,
      verify,
      depth: readDepth(source),
      name,
      tellsName: readSwitch(source, "proxy-ssl-server-name"),
      versions: readVersions(source),
      ciphers: acceptedText(source, "proxy-ssl-ciphers", cipherList) ?? "DEFAULT",
    };
  },
};

type ReadSecret = Pick<BackendTls, "secret" | "hasAuthorities" | "hasCertificate">;

/** `undefined`: it cannot be used, and the paths of the Ingress answer 503. */
function readSecret(source: AnnotationSource, text: string): ReadSecret | undefined {
  const [namespace, name, ...more] = text.split("/");
  const own = source.ingress.metadata.namespace;
  const deny = (message: string, fix: string): undefined =>
    void source.deny("ingress-backend-secret-unusable", "proxy-ssl-secret", {
      message: `proxy-ssl-secret is ${JSON.stringify(text)}, ${message}: the paths of the Ingress answer 503.`,
      fix,
    });
  if (!namespace || !name || more.length > 0) return deny("which is not NAMESPACE/NAME", `Write ${own}/SECRET.`);
  if (namespace !== own && source.controller.value("allow-cross-namespace-resources") !== "true") {
    return deny("a Secret of another namespace", `Copy the Secret to namespace ${own}, and write ${own}/${name}.`);
  }
  const secret = source.snapshot.get("Secret", namespace, name);
  if (secret === undefined) return deny("which does not exist", `Create Secret ${name} in namespace ${namespace}.`);
  const hasCertificate = secret.data["tls.crt"] !== undefined && secret.data["tls.key"] !== undefined;
  const hasAuthorities = secret.data["ca.crt"] !== undefined;
  if (!hasCertificate && !hasAuthorities) {
    return deny("which has neither ca.crt nor tls.crt with tls.key", "Add the entries that the annotation is to use.");
  }
  return { secret: { namespace, name }, hasCertificate, hasAuthorities };
}

function readSwitch(source: AnnotationSource, annotation: string): boolean {
  return acceptedText(source, annotation, onOrOff) === "on";
}

/** 0 is the default, too. */
function readDepth(source: AnnotationSource): number {
  return Math.max(1, source.integer("proxy-ssl-verify-depth") ?? 1);
}

const versionWords: readonly BackendTlsVersion[] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

function readVersions(source: AnnotationSource): readonly BackendTlsVersion[] {
  const text = acceptedText(source, "proxy-ssl-protocols", tlsVersions) ?? "";
  const words = text.split(" ");
  const versions = versionWords.filter((version) => words.includes(version));
  return versions.length > 0 ? versions : ["TLSv1", "TLSv1.1", "TLSv1.2"];
}

const tlsVersions = matching(
  /^((SSLv2|SSLv3|TLSv1|TLSv1\.1|TLSv1\.2|TLSv1\.3)( +|$))+$/,
  "a list of TLSv1.2 and TLSv1.3",
);
const cipherList = matching(/^[A-Za-z0-9+:_!-]*$/, "a list of cipher suites of OpenSSL");
const serverName = matching(/^[\w.~:/^$[\](){}*+?|&=\\-]*$/, "a DNS name");
