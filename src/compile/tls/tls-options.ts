import type { ListenerTls } from "../../ir/tls.ts";
import {
  cipherSuites,
  findGroup,
  findSuite,
  keyExchangeGroups,
  type TlsProfileName,
  tlsProfileNames,
} from "../../ir/tls-profile.ts";
import type { ListenerDraft } from "../listener/listener.ts";
import type { FindingText } from "../report/report.ts";

/** Keys of a listener's `tls.options` that are read, with what they take. */
export const tlsOptions = {
  "sluice.dev/tls-profile": "`modern`, `intermediate` (the default) or `custom`",
  "sluice.dev/tls-min-version": '`"1.2"` (the default) or `"1.3"`',
  "sluice.dev/tls-cipher-suites": "comma-separated cipher suites, preferred first; only with profile `custom`",
  "sluice.dev/tls-groups": "comma-separated key exchange groups, preferred first; only with profile `custom`",
} as const;
export type TlsOption = keyof typeof tlsOptions;

type Terminating = Extract<ListenerTls, { readonly mode: "terminate" }>;
export type HandshakePolicy = Pick<Terminating, "minVersion" | "cipherSuites" | "groups">;
type Add = (name: "tls-option-unknown" | "tls-option-invalid", field: string, text: FindingText) => void;

const minVersions: Readonly<Record<string, Terminating["minVersion"]>> = {
  "1.2": "TLSv1.2",
  "1.3": "TLSv1.3",
  "TLSv1.2": "TLSv1.2",
  "TLSv1.3": "TLSv1.3",
};

/** What a listener's options ask of handshakes. An option that cannot be honoured is reported and its default holds. */
export function readTlsOptions(draft: ListenerDraft, add: Add): HandshakePolicy {
  const options = new Map(Object.entries(draft.spec.tls?.options ?? {}).sort());
  const listener = `listener "${draft.spec.name}"`;
  for (const key of options.keys()) {
    if (Object.hasOwn(tlsOptions, key)) continue;
    add("tls-option-unknown", fieldOf(key), {
      message: `Option ${key} of ${listener} is unknown and ignored.`,
      fix: `Remove it. The supported options are ${Object.keys(tlsOptions).join(", ")}.`,
    });
  }
  const refuse = (key: TlsOption, problem: string, fix: string): undefined => {
    add("tls-option-invalid", fieldOf(key), { message: `Option ${key} of ${listener} ${problem}.`, fix });
    return undefined;
  };
  const profile = readProfile(options.get("sluice.dev/tls-profile"), refuse);
  const minVersion = readMinVersion(options.get("sluice.dev/tls-min-version"), profile, refuse);
  const cipherSuites = readSuites(options.get("sluice.dev/tls-cipher-suites"), { profile, minVersion, refuse });
  const groups = readGroups(options.get("sluice.dev/tls-groups"), { profile, refuse });
  return { minVersion, ...(cipherSuites && { cipherSuites }), ...(groups && { groups }) };
}

type Refuse = (key: TlsOption, problem: string, fix: string) => undefined;

function readProfile(value: string | undefined, refuse: Refuse): TlsProfileName {
  if (value === undefined) return "intermediate";
  const profile = tlsProfileNames.find((name) => name === value);
  const names = tlsProfileNames.join(", ");
  return (
    profile ??
    refuse("sluice.dev/tls-profile", `is ${quote(value)}; there are ${names}`, `Write one of ${names}.`) ??
    "intermediate"
  );
}

function readMinVersion(value: string | undefined, profile: TlsProfileName, refuse: Refuse): Terminating["minVersion"] {
  const least = profile === "modern" ? "TLSv1.3" : "TLSv1.2";
  if (value === undefined) return least;
  const key = "sluice.dev/tls-min-version";
  const version = Object.hasOwn(minVersions, value) ? minVersions[value] : undefined;
  if (version === undefined) {
    refuse(key, `is ${quote(value)}; "1.2" and "1.3" are supported`, `Write ${key}: "1.2" or "1.3".`);
    return least;
  }
  if (version < least) {
    refuse(key, "asks for TLS 1.2, but the modern profile is TLS 1.3 only", "Remove it, or use profile intermediate.");
    return least;
  }
  return version;
}

type ListContext = {
  readonly profile: TlsProfileName;
  readonly minVersion?: Terminating["minVersion"];
  readonly refuse: Refuse;
};

function readSuites(value: string | undefined, context: ListContext): readonly string[] | undefined {
  const key = "sluice.dev/tls-cipher-suites";
  const names = readList(key, value, context);
  if (names === undefined) return undefined;
  const suites = names.map(findSuite);
  const unknown = suites.indexOf(undefined);
  if (unknown >= 0) {
    const supported = cipherSuites.map(({ name }) => name).join(", ");
    return context.refuse(key, `names ${quote(names[unknown] ?? "")}, which is not supported`, `Use ${supported}.`);
  }
  const found = suites.filter((suite) => suite !== undefined);
  const served = context.minVersion === "TLSv1.3" ? found.filter(({ version }) => version === "TLSv1.3") : found;
  if (served.length === 0) {
    return context.refuse(
      key,
      "names no TLS 1.3 suite, and TLS 1.3 is the lowest version served",
      "Add TLS_AES_128_GCM_SHA256.",
    );
  }
  return [...new Set(served.map(({ name }) => name))];
}

function readGroups(value: string | undefined, context: ListContext): readonly string[] | undefined {
  const key = "sluice.dev/tls-groups";
  const names = readList(key, value, context);
  if (names === undefined) return undefined;
  const groups = names.map(findGroup);
  const unknown = groups.indexOf(undefined);
  if (unknown >= 0) {
    const supported = keyExchangeGroups.map(({ name }) => name).join(", ");
    return context.refuse(key, `names ${quote(names[unknown] ?? "")}, which is not supported`, `Use ${supported}.`);
  }
  return [...new Set(groups.filter((group) => group !== undefined))];
}

/** The entries of an option that only a custom profile has. */
function readList(key: TlsOption, value: string | undefined, { profile, refuse }: ListContext): string[] | undefined {
  if (value === undefined) return undefined;
  if (profile !== "custom") {
    return refuse(key, `cannot be used with profile ${profile}`, "Write sluice.dev/tls-profile: custom, or remove it.");
  }
  const names = value.split(/[\s,:]+/).filter((name) => name !== "");
  return names.length === 0 ? refuse(key, "is empty", "Name at least one, or remove it.") : names;
}

function fieldOf(key: string): string {
  return `/tls/options/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

function quote(value: string): string {
  return JSON.stringify(value.slice(0, 40));
}
