import { hashText } from "../../base/hash.ts";
import { compileRegex } from "../../base/regex.ts";
import type { TextMatch } from "../../ir/text-match.ts";
import type { CaSource, CertificateDemands, CertificateName, ClientValidation, RevocationList } from "../../ir/tls.ts";
import type { FeatureScope } from "../policy/feature-scope.ts";
import type { ClientTls } from "./client-tls.ts";

type Settings = NonNullable<ClientTls["clientValidation"]>;
type Names = NonNullable<Settings["subjectAltNames"]>;
type Reference = NonNullable<Settings["caCertificateRefs"]>[number];

type ValidationScope = {
  readonly scope: FeatureScope;
  readonly readAuthority: (ref: Reference, field: string) => CaSource | undefined;
};

/** Nobody gets in: there is nobody who could vouch for a client. */
const closed: ClientValidation = { ca: [], mode: "allowValidOnly" };

/** What a policy asks of client certificates. What cannot be honoured is reported, and then nobody gets in. */
export function clientValidation(settings: Settings, { scope, readAuthority }: ValidationScope): ClientValidation {
  const refs = settings.caCertificateRefs ?? [];
  const ca = refs.flatMap((ref, index) => readAuthority(ref, `/caCertificateRefs/${index}`) ?? []);
  const revoked = readLists(settings, scope);
  const demands = readDemands(settings, scope);
  if (ca.length < refs.length && ca.length === 0) return closed;
  if (revoked === "unusable" || demands === "unusable") return closed;
  const mode = readMode(settings);
  const pinned = demands !== undefined && demands.keys.length + demands.certificates.length > 0;
  const verifies = mode === "allowValidOnly" || mode === "validIfGiven";
  // A certificate that is known by its hash needs nobody to vouch for it.
  if (verifies && refs.length === 0 && !(pinned && mode === "allowValidOnly")) {
    scope.report("client-setting-invalid", "", {
      message: "clientValidation names no authorities, so nobody can be verified and the listener lets nobody in.",
      fix: "Name them in caCertificateRefs.",
    });
    return closed;
  }
  return {
    ca,
    mode: refs.length === 0 && mode === "allowValidOnly" ? "anyCertificate" : mode,
    ...(revoked === undefined ? {} : { revoked }),
    ...(demands === undefined ? {} : { demands }),
  };
}

const modes = {
  Request: "allowInsecureFallback",
  RequireAny: "anyCertificate",
  VerifyIfGiven: "validIfGiven",
  RequireAndVerify: "allowValidOnly",
} as const;

function readMode({ mode, optional }: Settings): ClientValidation["mode"] {
  return mode === undefined ? (optional === true ? "validIfGiven" : "allowValidOnly") : modes[mode];
}

function readLists({ crl }: Settings, scope: FeatureScope): readonly RevocationList[] | "unusable" | undefined {
  if (crl === undefined) return undefined;
  const lists = crl.refs.map((ref, index): RevocationList | undefined => {
    const field = `/crl/refs/${index}`;
    if (ref.group !== "" || ref.kind !== "Secret") {
      scope.report("client-setting-invalid", `${field}/kind`, {
        message: `A list of revoked certificates cannot be read from ${ref.kind} ${ref.name}; the listener lets nobody in.`,
        fix: "Store it in a Secret, under ca.crl.",
      });
      return undefined;
    }
    const read = scope.readSecret(ref, "ca.crl", field);
    if (read === undefined) return undefined;
    if (read.bytes.includes("-----BEGIN X509 CRL-----"))
      return { key: read.key, fingerprint: hashText(read.bytes.toString("latin1")) };
    scope.report("client-setting-invalid", field, {
      message: `ca.crl of Secret ${ref.name} is not a list of revoked certificates in PEM; the listener lets nobody in.`,
      fix: "Convert it with: openssl crl -inform der -outform pem.",
    });
    return undefined;
  });
  return lists.every((list) => list !== undefined) ? lists : "unusable";
}

function readDemands(settings: Settings, scope: FeatureScope): CertificateDemands | "unusable" | undefined {
  const { spkiHashes = [], certificateHashes = [], subjectAltNames = {} } = settings;
  const names = nameLists.flatMap(([field, kind]) =>
    (subjectAltNames[field] ?? []).map((match, index): CertificateName | undefined => {
      const compared: TextMatch = { kind: comparisons[match.type], value: match.value };
      const regex = compared.kind === "regex" ? compileRegex(match.value) : undefined;
      if (regex?.kind !== "error") return { kind, match: compared };
      scope.report("client-setting-invalid", `/subjectAltNames/${field}/${index}/value`, {
        message: `The expression cannot be used: ${regex.message}. The listener lets nobody in.`,
        fix: regex.fix,
      });
      return undefined;
    }),
  );
  if (names.some((name) => name === undefined)) return "unusable";
  const demands: CertificateDemands = {
    keys: spkiHashes,
    certificates: certificateHashes.map((hash) => hash.replaceAll(":", "").toLowerCase()),
    names: names.filter((name) => name !== undefined),
  };
  return Object.values(demands).some((list) => list.length > 0) ? demands : undefined;
}

const nameLists = [
  ["dnsNames", "dns"],
  ["emailAddresses", "email"],
  ["ipAddresses", "ip"],
  ["uris", "uri"],
] as const satisfies readonly (readonly [keyof Names, CertificateName["kind"]])[];

const comparisons = { Exact: "exact", Prefix: "prefix", Suffix: "suffix", RegularExpression: "regex" } as const;
