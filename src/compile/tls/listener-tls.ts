import type { X509Certificate } from "node:crypto";
import type { Finding } from "../../finding/finding.ts";
import type { CertificateRef, ClientValidation, ListenerTls } from "../../ir/tls.ts";
import type { Resource } from "../../resource/kinds.ts";
import { indexByName } from "../../store/snapshot-index.ts";
import type { CompileContext } from "../contract.ts";
import { gatewayGroup, type ListenerDraft } from "../listener/listener.ts";
import { explainGrant } from "../reference/grant.ts";
import { groupSlip } from "../reference/group-slip.ts";
import { byFlag } from "../report/by-flag.ts";
import { type FindingText, nameOf, refOf, report } from "../report/report.ts";
import { type CertificateFault, certificateFaults } from "./certificate.ts";
import { resolveClientValidation } from "./client-validation.ts";
import { describeLastGood } from "./last-good.ts";
import type { ReadCertificate } from "./secret-reader.ts";
import { readAuthority, readStaple } from "./snapshot-secrets.ts";
import { readTlsOptions } from "./tls-options.ts";

const secretsByName = indexByName("Secret");

type SecretRef = NonNullable<NonNullable<ListenerDraft["spec"]["tls"]>["certificateRefs"]>[number];
type Add = (name: Parameters<typeof report>[0], field: string, text: FindingText) => void;

/** Reads the certificates of a listener that speaks TLS. A draft of another protocol comes back as it is. */
export function compileListenerTls(
  context: CompileContext,
  gateway: Resource<"Gateway">,
  draft: ListenerDraft,
): ListenerDraft {
  if (draft.protocol !== "HTTPS" && draft.protocol !== "TLS") return draft;
  if (draft.protocol === "TLS" && draft.spec.tls?.mode === "Passthrough")
    return { ...draft, tls: { mode: "passthrough" } };

  const findings: Finding[] = [];
  const add: Add = (name, field, text) => {
    findings.push(report(name, { resource: draft.owner, pointer: `${draft.pointer}${field}` }, text));
  };
  const certificates = resolveCertificates(context, draft, add);
  const handshakes = readTlsOptions(draft, add);
  let clientValidation: ClientValidation | undefined;
  if (draft.protocol === "HTTPS") {
    const resolved = resolveClientValidation(context, gateway, draft.spec.port);
    clientValidation = resolved.validation;
    findings.push(...resolved.findings);
  }
  const tls: ListenerTls = {
    mode: "terminate",
    certificates,
    ...(clientValidation ? { clientValidation } : {}),
    ...handshakes,
  };
  return { ...draft, tls, findings: [...draft.findings, ...findings] };
}

/**
 * The Secret that stands in for certificateRefs which are not written, made by `--self-signed`. Kubernetes names are at most
 * 253 characters; a longer one is never found, so the listener stays without a certificate.
 */
export function standInCertificate(draft: ListenerDraft): { readonly namespace: string; readonly name: string } {
  const { namespace, name } = draft.owner.metadata;
  return { namespace, name: `${name}.${draft.spec.name}.self-signed` };
}

/** References to Secrets that a listener is to be served with, also those that do not exist. */
export function certificateRefs(context: CompileContext, draft: ListenerDraft): readonly SecretRef[] {
  const written = draft.spec.tls?.certificateRefs ?? [];
  if (written.length > 0 || !context.options.selfSigned) return written;
  return [{ group: "", kind: "Secret", ...standInCertificate(draft) }];
}

function resolveCertificates(context: CompileContext, draft: ListenerDraft, add: Add): CertificateRef[] {
  const refs = certificateRefs(context, draft);
  if (refs.length === 0) {
    add("certificate-none", "/tls", {
      message: `Listener "${draft.spec.name}" speaks ${draft.spec.protocol} and has no certificate.`,
      fix: "Add tls.certificateRefs: [{name: <TLS Secret>}] to the listener.",
    });
  }
  const certificates = refs.flatMap((ref, index) => {
    const certificate = resolveCertificate(context, draft, { ref, field: `/tls/certificateRefs/${index}`, add });
    return certificate ? [certificate] : [];
  });
  reportWrongHostname(context, draft, { certificates, add });
  return certificates.map(({ ref }) => ref);
}

type PlacedCertificate = ReadCertificate & { readonly field: string };

function resolveCertificate(
  context: CompileContext,
  draft: ListenerDraft,
  place: { readonly ref: SecretRef; readonly field: string; readonly add: Add },
): PlacedCertificate | undefined {
  const { ref, field, add } = place;
  const listener = `Listener "${draft.spec.name}"`;
  if (ref.group !== "" || ref.kind !== "Secret") {
    const slip = groupSlip(ref, ["/Secret"]);
    add("certificate-invalid", field, {
      message: `${listener} cannot use a certificate from ${ref.kind} ${ref.name}: ${slip?.reason ?? "only a Secret is supported"}.`,
      fix: slip?.fix ?? "Refer to a Secret of type kubernetes.io/tls.",
    });
    return undefined;
  }
  const home = draft.owner.metadata.namespace;
  const namespace = ref.namespace ?? home;
  const grant = explainGrant(
    context.snapshot,
    { group: gatewayGroup, kind: draft.owner.kind, namespace: home },
    { group: "", kind: "Secret", namespace, name: ref.name },
  );
  if (grant.answer !== "granted") {
    add("certificate-not-permitted", field, {
      message: `${listener} is not permitted to use Secret ${namespace}/${ref.name}: ${grant.detail}.`,
      fix: grant.fix,
      ...(grant.answer === "tooNarrow" ? { related: [grant.grant] } : {}),
    });
    return undefined;
  }
  const read = context.secrets.certificate(namespace, ref.name);
  if (!("problem" in read)) {
    reportFaults(context, draft, { chain: read.chain, namespace, name: ref.name, field, add });
    reportStaple(context, draft, { namespace, name: ref.name, field, add });
    return { ...read, field };
  }
  const inUse = describeLastGood(read);
  if (read.problem === "missing") {
    reportMissing(context, draft, { ref, namespace, field, add, inUse });
  } else {
    add("certificate-invalid", field, {
      message: `${listener} cannot use its certificate. ${read.message}${inUse}`,
      fix:
        read.problem === "wrongType"
          ? `Create it with: kubectl create secret tls ${ref.name} -n ${namespace} --cert=<chain.pem> --key=<key.pem>`
          : `Write a PEM certificate chain, leaf first, and its private key into Secret ${namespace}/${ref.name}.`,
    });
  }
  return read.lastGood && { ...read.lastGood, field };
}

/** A Secret of that name elsewhere is most likely the one that is meant: usually it lies beside the routes. */
function reportMissing(
  context: CompileContext,
  draft: ListenerDraft,
  place: {
    readonly ref: SecretRef;
    readonly namespace: string;
    readonly field: string;
    readonly add: Add;
    readonly inUse: string;
  },
): void {
  const { ref, namespace, field, add, inUse } = place;
  const elsewhere = context.snapshot
    .find(secretsByName, ref.name)
    .toSorted((a, b) => (a.metadata.namespace < b.metadata.namespace ? -1 : 1))[0];
  const listener = `Listener "${draft.spec.name}"`;
  if (!elsewhere) {
    add("certificate-missing", field, {
      message: `${listener} uses a certificate from Secret ${namespace}/${ref.name}, which does not exist.${inUse}`,
      fix: `Create it with: kubectl create secret tls ${ref.name} -n ${namespace} --cert=<chain.pem> --key=<key.pem>${byFlag(context.options, "--self-signed", ", or run with --self-signed")}.`,
    });
    return;
  }
  const there = elsewhere.metadata.namespace;
  add("certificate-elsewhere", field, {
    message: `${listener} uses a certificate from Secret ${namespace}/${ref.name}, which does not exist; Secret ${there}/${ref.name} does.${inUse}`,
    fix: `Move the Secret to namespace ${namespace}, or write namespace: ${there} in the certificateRef and create a ReferenceGrant in ${there} from ${draft.owner.kind} in ${draft.owner.metadata.namespace} to Secret ${ref.name}.`,
    related: [refOf(elsewhere)],
  });
}

const faultFindings = {
  expired: { name: "certificate-expired", fix: "Renew the certificate in the Secret." },
  expiresSoon: {
    name: "certificate-expires-soon",
    fix: "Renew the certificate, and check why it was not renewed automatically.",
  },
  notYetValid: {
    name: "certificate-not-yet-valid",
    fix: "Use a certificate that is valid now, or check this machine's clock.",
  },
  incompleteChain: {
    name: "certificate-chain-incomplete",
    fix: "Put the leaf and then every intermediate certificate, each followed by its issuer, in tls.crt.",
  },
} as const satisfies Record<Exclude<CertificateFault["fault"], "wrongHostname">, { name: string; fix: string }>;

function reportFaults(
  context: CompileContext,
  draft: ListenerDraft,
  place: {
    readonly chain: readonly X509Certificate[];
    readonly namespace: string;
    readonly name: string;
    readonly field: string;
    readonly add: Add;
  },
): void {
  const { chain, namespace, name, field, add } = place;
  const authority = readAuthority(context.snapshot, namespace, name);
  for (const { fault, message } of certificateFaults(chain, {
    hostname: "",
    nowMs: context.options.nowMs,
    authority,
  })) {
    if (fault === "wrongHostname") continue;
    const secret = nameOf({ kind: "Secret", namespace, name });
    add(faultFindings[fault].name, field, {
      message: `${secret} of listener "${draft.spec.name}" ${message}.`,
      fix: faultFindings[fault].fix,
      related: [{ kind: "Secret", group: "", namespace, name }],
    });
  }
}

/** The certificate serves all the same: clients that want to know ask the responder themselves. */
function reportStaple(
  context: CompileContext,
  draft: ListenerDraft,
  place: { readonly namespace: string; readonly name: string; readonly field: string; readonly add: Add },
): void {
  const { namespace, name, field, add } = place;
  const staple = readStaple(context.snapshot, namespace, name);
  if (staple === undefined) return;
  const over = typeof staple !== "string" && staple.toMs <= context.options.nowMs;
  if (typeof staple !== "string" && !over) return;
  const problem = typeof staple === "string" ? staple : "is past its nextUpdate";
  const secret = nameOf({ kind: "Secret", namespace, name });
  add("ocsp-staple-unusable", field, {
    message: `tls.ocsp-staple of ${secret} of listener "${draft.spec.name}" ${problem}, so nothing is stapled.`,
    fix: "Fetch a new OCSP response for tls.crt and store it in DER under tls.ocsp-staple, or remove that key.",
    related: [{ kind: "Secret", group: "", namespace, name }],
  });
}

/** Told once a listener: with several certificates, one for the hostname is enough. */
function reportWrongHostname(
  context: CompileContext,
  draft: ListenerDraft,
  found: { readonly certificates: readonly PlacedCertificate[]; readonly add: Add },
): void {
  const faults = found.certificates.map(({ chain }) =>
    certificateFaults(chain, { hostname: draft.hostname, nowMs: context.options.nowMs }).find(
      ({ fault }) => fault === "wrongHostname",
    ),
  );
  const first = faults[0];
  const certificate = found.certificates[0];
  if (!first || !certificate || faults.some((fault) => fault === undefined)) return;
  found.add("certificate-wrong-hostname", certificate.field, {
    message: `${certificate.ref.key.replace("/", " ")} of listener "${draft.spec.name}" ${first.message}.`,
    fix: `Use a certificate for ${draft.hostname}, or change the hostname of the listener.`,
  });
}
