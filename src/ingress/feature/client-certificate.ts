import { acceptedText, withoutSpaces } from "../accepted-text.ts";
import type { AnnotationSource, IngressFeature } from "../feature.ts";
import { readObjectReference } from "../object-reference.ts";

/** Certificates that clients of a host show. */
export type ClientCertificate =
  /** What it says of certificates cannot be honoured: every request for the host gets 403, in the clear as well. */
  | { readonly kind: "refused" }
  | {
      readonly kind: "asked";
      /** Secret with the certificates of authorities under `ca.crt`. */
      readonly authorities: { readonly namespace: string; readonly name: string };
      /**
       * `on`: 400 without a valid one. `optional`: 400 with an invalid one. `optional_no_ca`: whatever it is, the backend is told.
       * `off`: none is asked for.
       */
      readonly verify: "on" | "optional" | "optional_no_ca" | "off";
      /** Authorities between the certificate and a trusted one, the trusted one included. At least 1. */
      readonly depth: number;
      /** Where a refused client is sent by 302; `undefined`: it gets 400. */
      readonly errorPage: string | undefined;
      /** Whether the backend is sent the certificate. */
      readonly tellsCertificate: boolean;
      /** Found somewhere in the subject (RFC 2253), or the client gets 403; PCRE. `undefined`: any. */
      readonly subject: string | undefined;
    };

const verifyModes = ["on", "off", "optional", "optional_no_ca"] as const;
const modeText = withoutSpaces(/^(?:on|off|optional|optional_no_ca)$/, "on, off, optional or optional_no_ca");
const pageText = withoutSpaces(
  /^(?:(?:https?:\/\/)?[A-Za-z0-9.-]+(?::\d+)?)?(?:\/[A-Za-z0-9._-]*)*$/,
  "a URL or a path",
);
const subjectText = withoutSpaces(/^CN=[-./_~a-zA-Z0-9:()|=]*$/, "CN= and a name or an expression");

export const clientCertificate: IngressFeature<ClientCertificate | undefined> = {
  annotations: [
    {
      name: "auth-tls-secret",
      aliases: [],
      scope: "server",
      risk: "Medium",
      means: "Secret with the authorities that sign certificates of clients; the whole host asks for one.",
      otherwise: "",
      handling: { kind: "served" },
    },
    {
      name: "auth-tls-verify-client",
      aliases: [],
      scope: "server",
      risk: "Medium",
      means: "Whether a certificate is required: on, off, optional or optional_no_ca.",
      otherwise: "on",
      handling: { kind: "served" },
    },
    {
      name: "auth-tls-verify-depth",
      aliases: [],
      scope: "server",
      risk: "Low",
      means: "Longest chain from a certificate to an authority.",
      otherwise: "1",
      handling: { kind: "partly", lacks: "chains of any length are taken" },
    },
    {
      name: "auth-tls-error-page",
      aliases: [],
      scope: "server",
      risk: "High",
      means: "Where clients without a valid certificate are sent.",
      otherwise: "",
      handling: { kind: "partly", lacks: "a path of the host, in place of which clients get 400" },
    },
    {
      name: "auth-tls-pass-certificate-to-upstream",
      aliases: [],
      scope: "server",
      risk: "Low",
      means: "Sends the certificate to the backend in ssl-client-cert.",
      otherwise: "false",
      handling: { kind: "served" },
    },
    {
      name: "auth-tls-match-cn",
      aliases: [],
      scope: "server",
      risk: "High",
      means: "Expression that must be found in the subject; other clients get 403.",
      otherwise: "",
      handling: { kind: "served" },
    },
  ],
  read(source) {
    const secret = source.text("auth-tls-secret");
    if (secret === undefined || secret === "") return undefined;
    const refuse = (annotation: string, because: string, fix: string): ClientCertificate => {
      source.report("ingress-client-certificate-invalid", annotation, {
        message: `${because}: every request for the hosts of the Ingress gets 403.`,
        fix,
      });
      return { kind: "refused" };
    };
    const fix = "Name a Secret as namespace/name that has certificates of authorities under ca.crt.";
    // Here, unlike in auth-secret, ingress-nginx does not take a name alone.
    if (!secret.includes("/"))
      return refuse("auth-tls-secret", `auth-tls-secret is ${JSON.stringify(secret)} without a namespace`, fix);
    const reference = readObjectReference(source, secret);
    if (reference.kind === "refused") return refuse("auth-tls-secret", `auth-tls-secret: ${reference.because}`, fix);
    const { namespace, name } = reference;
    if (source.snapshot.get("Secret", namespace, name)?.data["ca.crt"] === undefined) {
      return refuse(
        "auth-tls-secret",
        `auth-tls-secret names the Secret ${namespace}/${name}, which is missing or has no key ca.crt`,
        fix,
      );
    }
    for (const [annotation, rule] of [
      ["auth-tls-error-page", pageText],
      ["auth-tls-match-cn", subjectText],
    ] as const) {
      const text = source.text(annotation) ?? "";
      if (text !== "" && !rule.accepts(text)) {
        return refuse(
          annotation,
          `${annotation} is ${JSON.stringify(text)}, which is not ${rule.wants}`,
          `Write ${rule.wants}.`,
        );
      }
    }
    return {
      kind: "asked",
      authorities: { namespace, name },
      verify: verifyOf(source),
      depth: depthOf(source),
      errorPage: source.text("auth-tls-error-page") || undefined,
      tellsCertificate: source.flag("auth-tls-pass-certificate-to-upstream") ?? false,
      subject: source.text("auth-tls-match-cn") || undefined,
    };
  },
};

function verifyOf(source: AnnotationSource): (typeof verifyModes)[number] {
  const text = acceptedText(source, "auth-tls-verify-client", modeText);
  return verifyModes.find((mode) => mode === text) ?? "on";
}

function depthOf(source: AnnotationSource): number {
  const depth = source.integer("auth-tls-verify-depth") ?? 1;
  if ((source.text("auth-tls-verify-depth") ?? "") !== "") {
    source.report("ingress-certificate-depth-not-limited", "auth-tls-verify-depth", {
      message: `auth-tls-verify-depth is ${depth}, but chains of any length are taken that end at an authority of the Secret.`,
      fix: "Keep authorities out of the Secret whose intermediate authorities are not to be trusted.",
    });
  }
  return depth > 0 ? depth : 1;
}
