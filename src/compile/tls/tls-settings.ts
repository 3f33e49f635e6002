import type { TlsHandshakes, TlsVersion } from "../../ir/tls.ts";
import {
  cipherSuites,
  findGroup,
  findSignatureAlgorithm,
  findSuite,
  keyExchangeGroups,
  signatureAlgorithms,
} from "../../ir/tls-profile.ts";

/** What policies and Backends say of handshakes. Spec: TLSSettings of Envoy Gateway. */
export type TlsSettings = {
  readonly minVersion?: "Auto" | "1.0" | "1.1" | "1.2" | "1.3";
  readonly maxVersion?: "Auto" | "1.0" | "1.1" | "1.2" | "1.3";
  readonly ciphers?: readonly string[];
  readonly ecdhCurves?: readonly string[];
  readonly signatureAlgorithms?: readonly string[];
};

type Refuse = (field: string, problem: string, fix: string) => void;

/**
 * What is written of handshakes. What cannot be had is reported at its field (below the settings) and left to its default, which
 * is no weaker: versions below 1.2 are not spoken, and suites, groups and algorithms that are not known are left out.
 */
export function readTlsSettings(settings: TlsSettings, refuse: Refuse): Partial<TlsHandshakes> {
  const minVersion = readVersion(settings.minVersion, "/minVersion", refuse);
  const maxVersion = readVersion(settings.maxVersion, "/maxVersion", refuse);
  const ciphers = readNames(settings.ciphers, { field: "/ciphers", find: suiteName, known: suiteNames, refuse });
  const groups = readNames(settings.ecdhCurves, {
    field: "/ecdhCurves",
    find: findGroup,
    known: keyExchangeGroups.map(({ name }) => name),
    refuse,
  });
  const algorithms = readNames(settings.signatureAlgorithms, {
    field: "/signatureAlgorithms",
    find: findSignatureAlgorithm,
    known: signatureAlgorithms,
    refuse,
  });
  return {
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
    // They are those up to TLS 1.2; TLS 1.3 has its own.
    ...(ciphers === undefined ? {} : { cipherSuites: [...suites13, ...ciphers] }),
    ...(groups === undefined ? {} : { groups }),
    ...(algorithms === undefined ? {} : { signatureAlgorithms: algorithms }),
  };
}

const suites13: readonly string[] = cipherSuites.flatMap(({ name, version }) => (version === "TLSv1.3" ? [name] : []));
const suiteNames: readonly string[] = cipherSuites.flatMap(({ name, version }) =>
  version === "TLSv1.3" ? [] : [name],
);

function suiteName(text: string): string | undefined {
  const suite = findSuite(text);
  return suite?.version === "TLSv1.3" ? undefined : suite?.name;
}

function readVersion(
  version: TlsSettings["minVersion"],
  field: "/minVersion" | "/maxVersion",
  refuse: Refuse,
): TlsVersion | undefined {
  switch (version) {
    case undefined:
    case "Auto":
      return undefined;
    case "1.2":
      return "TLSv1.2";
    case "1.3":
      return "TLSv1.3";
    case "1.0":
    case "1.1":
      refuse(field, `is ${version}, which is not spoken: it has been broken for long`, 'Write "1.2" or "1.3".');
      // An end below the beginning is none that anybody could connect with.
      return undefined;
  }
}

function readNames(
  names: readonly string[] | undefined,
  of: {
    readonly field: string;
    readonly find: (name: string) => string | undefined;
    readonly known: readonly string[];
    readonly refuse: Refuse;
  },
): readonly string[] | undefined {
  const found = (names ?? []).flatMap((name, index) => {
    const one = of.find(name);
    if (one === undefined)
      of.refuse(
        `${of.field}/${index}`,
        `is ${JSON.stringify(name)}, which is not supported`,
        `Use ${of.known.join(", ")}.`,
      );
    return one ?? [];
  });
  return found.length === 0 ? undefined : [...new Set(found)];
}
