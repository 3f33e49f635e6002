import type { Finding } from "../../finding/finding.ts";
import { findingAt } from "../../ingress/at-ingress.ts";
import type { IngressModel, IngressServer } from "../../ingress/ingress-model.ts";
import type { IngressOptions } from "../../ingress/ingress-options.ts";
import type { CertificateRef } from "../../ir/tls.ts";
import type { CompileContext } from "../contract.ts";
import { hostPattern } from "./host-pattern.ts";

/** The Secret of the certificate that hosts without one of their own show; whoever runs the gateway makes it where there is none. */
export function defaultCertificate(options: IngressOptions): { readonly namespace: string; readonly name: string } {
  const argument = options.arguments.find((one) => /^--?default-ssl-certificate=/.test(one));
  const [namespace = "", name = ""] = argument?.replace(/^[^=]*=/, "").split("/") ?? [];
  if (namespace !== "" && name !== "") return { namespace, name };
  return { namespace: options.configMap.namespace, name: "default-ingress-certificate" };
}

/**
 * The certificates of all hosts, the default one first: it is shown where no other is for the name. Each is for the hosts that it
 * was given to, whatever else it names.
 */
export function serverCertificates(
  context: CompileContext,
  model: IngressModel,
  findings: Finding[],
): readonly CertificateRef[] {
  const shown = defaultCertificate(context.options.ingress);
  const fallback = readRef(context, shown.namespace, shown.name);
  const others = new Map<string, { readonly ref: CertificateRef; readonly names: string[] }>();
  for (const server of model.servers) {
    const { certificate } = server;
    if (certificate.kind !== "secret") continue;
    const ref = readRef(context, certificate.namespace, certificate.name);
    if (ref === undefined) {
      findings.push(...unusable(context, server));
      continue;
    }
    const known = others.get(ref.key);
    const name = hostPattern(server.hostname);
    if (known === undefined) others.set(ref.key, { ref, names: [name] });
    else known.names.push(name);
  }
  return [
    ...(fallback === undefined ? [] : [{ ...fallback, names: [] }]),
    ...[...others.values()].map(({ ref, names }) => ({ ...ref, names })),
  ];
}

function readRef({ secrets }: CompileContext, namespace: string, name: string): CertificateRef | undefined {
  const answer = secrets.certificate(namespace, name);
  return "ref" in answer ? answer.ref : answer.lastGood?.ref;
}

function unusable({ snapshot, secrets }: CompileContext, { certificate, hostname }: IngressServer): readonly Finding[] {
  if (certificate.kind !== "secret") return [];
  const { from, namespace, name } = certificate;
  const ingress = snapshot.get("Ingress", from.namespace, from.name);
  const answer = secrets.certificate(namespace, name);
  if (ingress === undefined || "ref" in answer) return [];
  return [
    findingAt(
      "ingress-certificate-unusable",
      { ingress, pointer: from.pointer },
      {
        message: `${hostname} is served with the default certificate: ${answer.message}`,
        fix: `Store a certificate for ${hostname} and its key in Secret ${namespace}/${name} (tls.crt, tls.key).`,
      },
    ),
  ];
}
