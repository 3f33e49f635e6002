/**
 * What may be spoken in TLS handshakes: the profiles that a listener can choose, and the cipher suites and groups that a
 * custom one can list. The profiles are Mozilla's "Server Side TLS", guidelines 5.7.
 */

/** A cipher suite: `name` as OpenSSL writes it, `iana` as the registry of RFC 8446 and RFC 8447 does. */
export type CipherSuite = {
  readonly name: string;
  readonly iana: string;
  /** Lowest and highest version that has it. */
  readonly version: "TLSv1.2" | "TLSv1.3";
  /** Part of the intermediate profile; the others are there for old clients, by a custom profile alone. */
  readonly intermediate: boolean;
};

const row = (version: CipherSuite["version"], name: string, iana: string, intermediate: boolean): CipherSuite => ({
  name,
  iana,
  version,
  intermediate,
});

/** Every suite that can be served, in order of preference. All have forward secrecy. */
export const cipherSuites: readonly CipherSuite[] = [
  row("TLSv1.3", "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", true),
  row("TLSv1.3", "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384", true),
  row("TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256", true),
  row("TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", true),
  row("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", true),
  row("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", true),
  row("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", true),
  row("TLSv1.2", "ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", true),
  row("TLSv1.2", "ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", true),
  row("TLSv1.2", "ECDHE-ECDSA-AES128-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", false),
  row("TLSv1.2", "ECDHE-RSA-AES128-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", false),
  row("TLSv1.2", "ECDHE-ECDSA-AES128-SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", false),
  row("TLSv1.2", "ECDHE-RSA-AES128-SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", false),
  row("TLSv1.2", "ECDHE-ECDSA-AES256-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", false),
  row("TLSv1.2", "ECDHE-RSA-AES256-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", false),
  row("TLSv1.2", "ECDHE-ECDSA-AES256-SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", false),
  row("TLSv1.2", "ECDHE-RSA-AES256-SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", false),
];

/** Every group of the key exchange that can be served, in order of preference, with the other names that people know it by. */
export const keyExchangeGroups: readonly {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly intermediate: boolean;
}[] = [
  { name: "X25519MLKEM768", aliases: [], intermediate: true },
  { name: "X25519", aliases: [], intermediate: true },
  { name: "prime256v1", aliases: ["P-256", "secp256r1"], intermediate: true },
  { name: "secp384r1", aliases: ["P-384"], intermediate: true },
  { name: "secp521r1", aliases: ["P-521"], intermediate: false },
];

/** OpenSSL names of the intermediate profile: what a listener that does not say otherwise speaks. */
export const intermediateSuites: readonly string[] = cipherSuites.flatMap((suite) =>
  suite.intermediate ? [suite.name] : [],
);
export const intermediateGroups: readonly string[] = keyExchangeGroups.flatMap((group) =>
  group.intermediate ? [group.name] : [],
);

/** `custom` takes its suites and groups from further options. */
export const tlsProfileNames = ["modern", "intermediate", "custom"] as const;
export type TlsProfileName = (typeof tlsProfileNames)[number];

/** The suite of a name in either spelling, letter case aside. */
export function findSuite(text: string): CipherSuite | undefined {
  const wanted = text.toLowerCase();
  return cipherSuites.find(({ name, iana }) => name.toLowerCase() === wanted || iana.toLowerCase() === wanted);
}

/** The group of a name, letter case aside, in the spelling that OpenSSL takes. */
export function findGroup(text: string): string | undefined {
  const wanted = text.toLowerCase();
  return keyExchangeGroups.find(({ name, aliases }) =>
    [name, ...aliases].some((known) => known.toLowerCase() === wanted),
  )?.name;
}

/** Signature algorithms that can be served, in the names of RFC 8446, which OpenSSL knows too. */
export const signatureAlgorithms: readonly string[] = [
  "ecdsa_secp256r1_sha256",
  "ecdsa_secp384r1_sha384",
  "ecdsa_secp521r1_sha512",
  "ed25519",
  "rsa_pss_rsae_sha256",
  "rsa_pss_rsae_sha384",
  "rsa_pss_rsae_sha512",
  "rsa_pkcs1_sha256",
  "rsa_pkcs1_sha384",
  "rsa_pkcs1_sha512",
];

/** The algorithm of a name, letter case aside. */
export function findSignatureAlgorithm(text: string): string | undefined {
  const wanted = text.toLowerCase();
  return signatureAlgorithms.find((name) => name === wanted);
}
