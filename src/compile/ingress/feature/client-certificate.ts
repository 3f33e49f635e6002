import { hashText } from "../../../base/hash.ts";
import { compileRegex } from "../../../base/regex.ts";
import type { ClientCertificate } from "../../../ingress/feature/client-certificate.ts";
import type { ServerSettings } from "../../../ingress/features.ts";
import type { ClientCertificateCheck } from "../../../ir/access-filter.ts";
import type { ClientValidation, RevocationList } from "../../../ir/tls.ts";
import {
  nothingServedOfServer,
  type ServedServerPart,
  type ServeServerFeature,
  type ServeServerScope,
} from "../serve-feature.ts";

type Asked = Extract<ClientCertificate, { readonly kind: "asked" }>;

const demands = {
  on: "valid",
  optional: "validIfGiven",
  optional_no_ca: "currentIfGiven",
  off: "nothing",
} as const satisfies Readonly<Record<Asked["verify"], ClientCertificateCheck["demands"]>>;

/** Connections come to be whatever certificate a client shows, as with nginx: who may ask is told by answers. */
export const serveClientCertificate: ServeServerFeature<ServerSettings["clientCertificate"]> = (setting, scope) => {
  if (setting === undefined) return nothingServedOfServer;
  if (setting.kind === "refused") return refusal(scope);
  const fix = "Put certificates of authorities in PEM under ca.crt of the Secret.";
  const { namespace, name } = setting.authorities;
  const bundle = scope.context.secrets.caBundle("Secret", namespace, name);
  if ("problem" in bundle) return refusedFor("auth-tls-secret", bundle.message, fix, scope);
  const revoked = revocations(setting, scope);
  if (revoked === "unusable") {
    return refusedFor(
      "auth-tls-secret",
      `ca.crl of Secret ${namespace}/${name} is not a list of revoked certificates in PEM.`,
      fix,
      scope,
    );
  }
  const subject = setting.subject === undefined ? undefined : compileRegex(setting.subject);
  if (subject?.kind === "error") {
    return refusedFor("auth-tls-match-cn", `The expression cannot be used: ${subject.message}.`, subject.fix, scope);
  }
  const filter: ClientCertificateCheck = {
    kind: "clientCertificate",
    demands: demands[setting.verify],
    errorPage: errorPageOf(setting, scope),
    subject: setting.subject,
    tellsCertificate: setting.tellsCertificate,
  };
  const clientValidation: ClientValidation = {
    ca: [bundle.source],
    mode: "allowInsecureFallback",
    ...(revoked.length === 0 ? {} : { revoked }),
  };
  return {
    ...nothingServedOfServer,
    filters: [{ stage: "certificate", from: scope.at("auth-tls-secret"), filter }],
    tls: setting.verify === "off" ? {} : { clientValidation },
  };
};

/** Every request for the host gets 403. */
function refusal({ at }: ServeServerScope): ServedServerPart {
  const filter = { kind: "authorization", rules: [], defaultAction: "deny" } as const;
  return { ...nothingServedOfServer, filters: [{ stage: "certificate", from: at("auth-tls-secret"), filter }] };
}

function refusedFor(annotation: string, because: string, fix: string, scope: ServeServerScope): ServedServerPart {
  const message = `${because.replace(/\.*$/, "")}: every request for the host gets 403.`;
  scope.report("ingress-client-certificate-invalid", annotation, { message, fix });
  return refusal(scope);
}

function revocations({ authorities }: Asked, { context }: ServeServerScope): readonly RevocationList[] | "unusable" {
  const { namespace, name } = authorities;
  if (context.snapshot.get("Secret", namespace, name)?.data["ca.crl"] === undefined) return [];
  const read = context.secrets.value(namespace, name, "ca.crl");
  if ("problem" in read || !read.bytes.includes("-----BEGIN X509 CRL-----")) return "unusable";
  return [{ key: read.key, fingerprint: hashText(read.bytes.toString("latin1")) }];
}

/** A path of the host itself is served in place of the 400 by nginx; here it is not. */
function errorPageOf({ errorPage }: Asked, scope: ServeServerScope): string | undefined {
  if (errorPage === undefined || /^https?:\/\//.test(errorPage)) return errorPage;
  scope.report("ingress-certificate-error-page-unsupported", "auth-tls-error-page", {
    message: `auth-tls-error-page is ${JSON.stringify(errorPage)}, which is no URL: refused clients get 400.`,
    fix: "Write a URL such as https://shop.example.com/certificate.",
  });
  return undefined;
}
