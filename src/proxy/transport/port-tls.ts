import type { OcspStaple } from "../../ir/secret-table.ts";
import type { ListenerTls, TlsVersion } from "../../ir/tls.ts";
import {
  cipherSuites,
  intermediateGroups,
  intermediateSuites,
  keyExchangeGroups,
  signatureAlgorithms,
} from "../../ir/tls-profile.ts";
import { certificateDigest, type ListenerCertificates, type ServerContext } from "./server-tls.ts";

type TerminatingTls = Extract<ListenerTls, { readonly mode: "terminate" }>;

/** A listener that ends TLS on the port. */
export type TlsOwner = {
  readonly tls: TerminatingTls;
  readonly certificates: ListenerCertificates | undefined;
};

/** What is agreed on before the server name is known, and so for all listeners of a port. */
export type PortHandshakes = {
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  readonly cipherSuites: readonly string[];
  readonly groups: readonly string[];
  /** Empty: OpenSSL's. */
  readonly signatureAlgorithms: readonly string[];
  readonly alpnProtocols: readonly string[];
  readonly resumption: "tickets" | "none";
};

/** TLS of one port. */
export type PortTls = {
  /** Equal keys: a handshaker made for one also serves the other. */
  readonly key: string;
  /** Authorities that client certificates are verified with, as a key; `""`: no certificate is asked for. */
  readonly clientAuthorities: string;
  /** Every listener turns clients without a certificate away: the handshake itself can. */
  readonly demandsCertificate: boolean;
  /**
   * `first`: a handshake can only be begun when its server name is known, which then has settings of its own. So it is where
   * listeners differ in the authorities for client certificates (OpenSSL resumes sessions before it knows the name), in what
   * they speak, or serve several certificates for one name among others (Node takes one alone along with a name).
   */
  readonly serverName: "first" | "during";
  readonly handshakes: PortHandshakes;
  /** Shown to clients without a server name; `undefined`: they are refused. */
  readonly fallback: ServerContext | undefined;
  /** `undefined`: no listener is for that name. */
  contextFor(serverName: string): ServerContext | undefined;
  /** What handshakes for that name are made with. `undefined`: no listener is for it. */
  settingsFor(serverName: string): PortTls | undefined;
  /** The OCSP response to send with a certificate (DER); `undefined`: none. */
  stapleFor(certificate: Buffer): Buffer | undefined;
};

/** Builds the TLS of a port from its listeners. `ownerFor` says which of them a server name is for. */
export function buildPortTls(
  owners: readonly TlsOwner[],
  ownerFor: (serverName: string) => TlsOwner | undefined,
): PortTls {
  const validations = [...new Set(owners.map(({ tls }) => authoritiesKey(tls)))];
  const handshakes = joinHandshakes(owners.map(({ tls }) => tls));
  const contexts = new Set(owners.flatMap(({ certificates }) => certificates?.contexts ?? []));
  const alike =
    validations.length < 2 &&
    owners.every(({ tls }) => !asksForMore(tls, handshakes)) &&
    (contexts.size < 2 || [...contexts].every(({ leaves }) => leaves.length === 1));
  const shared: SharedSettings = {
    clientAuthorities: validations.every((key) => key === "") ? "" : JSON.stringify(validations),
    demandsCertificate: owners.every(({ tls }) => tls.clientValidation?.mode === "allowValidOnly"),
    handshakes,
    fallback: ownerFor("")?.certificates?.fallback,
  };
  const stapleFor = stapler(contexts);
  const settings: PortTls = {
    ...shared,
    key: JSON.stringify([shared, alike], withoutContext),
    serverName: alike ? "during" : "first",
    contextFor: (serverName) => ownerFor(serverName)?.certificates?.choose(serverName),
    settingsFor: (serverName) => {
      const owner = ownerFor(serverName);
      return alike || owner === undefined ? owner && settings : ownSettings(owner, serverName, stapleFor);
    },
    stapleFor,
  };
  return settings;
}

type SharedSettings = Pick<PortTls, "clientAuthorities" | "demandsCertificate" | "handshakes" | "fallback">;

/** Those of one server name alone. */
function ownSettings({ tls, certificates }: TlsOwner, serverName: string, stapleFor: PortTls["stapleFor"]): PortTls {
  const authorities = authoritiesKey(tls);
  const context = certificates?.choose(serverName);
  const shared: SharedSettings = {
    clientAuthorities: authorities === "" ? "" : JSON.stringify([authorities]),
    demandsCertificate: tls.clientValidation?.mode === "allowValidOnly",
    handshakes: joinHandshakes([tls]),
    fallback: context,
  };
  const settings: PortTls = {
    ...shared,
    key: JSON.stringify([shared, "one name"], withoutContext),
    serverName: "during",
    contextFor: () => context,
    settingsFor: () => settings,
    stapleFor,
  };
  return settings;
}

/** Of a context only its key stands for it. */
function withoutContext(name: string, value: unknown): unknown {
  return name === "fallback" ? (value as ServerContext | undefined)?.key : value;
}

function authoritiesKey(tls: TerminatingTls): string {
  if (tls.clientValidation === undefined) return "";
  const { ca, revoked } = tls.clientValidation;
  return JSON.stringify(revoked === undefined ? ca : [ca, revoked]);
}

/** The least that any listener asks for. One listener alone, or all alike, keep their own order of preference. */
function joinHandshakes(all: readonly TerminatingTls[]): PortHandshakes {
  return {
    minVersion: all.some(({ minVersion }) => minVersion === "TLSv1.2") ? "TLSv1.2" : "TLSv1.3",
    maxVersion: all.every(({ maxVersion }) => maxVersion === "TLSv1.2") ? "TLSv1.2" : "TLSv1.3",
    cipherSuites: union(
      all.map((tls) => tls.cipherSuites ?? intermediateSuites),
      cipherSuites.map(({ name }) => name),
    ),
    groups: union(
      all.map((tls) => tls.groups ?? intermediateGroups),
      keyExchangeGroups.map(({ name }) => name),
    ),
    signatureAlgorithms: all.some((tls) => tls.signatureAlgorithms === undefined)
      ? []
      : union(
          all.map((tls) => tls.signatureAlgorithms ?? []),
          signatureAlgorithms,
        ),
    alpnProtocols: union(all.map(alpnOf), httpProtocols),
    resumption: all.some((tls) => tls.resumption === "none") ? "none" : "tickets",
  };
}

function union(lists: readonly (readonly string[])[], preference: readonly string[]): readonly string[] {
  const first = lists[0] ?? [];
  if (lists.every((list) => list.join() === first.join())) return first;
  return preference.filter((name) => lists.some((list) => list.includes(name)));
}

const httpProtocols: readonly string[] = ["h2", "http/1.1"];

function alpnOf(tls: TerminatingTls): readonly string[] {
  return tls.alpnProtocols ?? httpProtocols;
}

/** Whether it must have handshakes of its own: those of the port would be more than it permits. */
function asksForMore(tls: TerminatingTls, shared: PortHandshakes): boolean {
  const suites = tls.cipherSuites ?? intermediateSuites;
  return (
    tls.minVersion > shared.minVersion ||
    (tls.maxVersion ?? "TLSv1.3") < shared.maxVersion ||
    shared.cipherSuites.some((name) => !suites.includes(name)) ||
    (tls.signatureAlgorithms ?? []).join() !== shared.signatureAlgorithms.join() ||
    alpnOf(tls).join() !== shared.alpnProtocols.join()
  );
}

/** Finds a certificate's response, which is not sent before or after its time. */
function stapler(contexts: Iterable<ServerContext>): PortTls["stapleFor"] {
  const staples = new Map<string, OcspStaple>();
  const ambiguous = new Set<string>();
  for (const { leaves } of contexts) {
    for (const { digest, staple } of leaves) {
      if (leaves.length > 1) ambiguous.add(digest);
      else if (staple !== undefined) staples.set(digest, staple);
    }
  }
  // Of an RSA and an ECDSA certificate for one name, Node does not say which the client will be shown: a response for the
  // other one would break the handshake.
  for (const digest of ambiguous) staples.delete(digest);
  return (certificate) => {
    const staple = staples.size === 0 ? undefined : staples.get(certificateDigest(certificate));
    const nowMs = Date.now();
    if (staple === undefined || nowMs < staple.fromMs || nowMs >= staple.toMs) return undefined;
    return Buffer.from(staple.responseBase64, "base64");
  };
}
