import type { AnnotationSource, IngressFeature } from "../feature.ts";
import { readNetworks } from "../networks.ts";

/** Which client addresses have access. */
export type AddressLists = {
  /** Canonical networks of clients that are let in, and no others. `undefined`: everyone is. */
  readonly allow: readonly string[] | undefined;
  /** Canonical networks of clients that are refused; it counts before `allow`. */
  readonly deny: readonly string[];
  /** `any`: a client with the right address needs no password or permission, and one with those needs no right address. */
  readonly satisfy: "all" | "any";
};

/** Annotations and the keys of the ConfigMap that hold for Ingresses without them. */
const listKeys = {
  "allowlist-source-range": "whitelist-source-range",
  "denylist-source-range": "denylist-source-range",
} as const;

export const addressLists: IngressFeature<AddressLists> = {
  annotations: [
    {
      name: "allowlist-source-range",
      aliases: ["whitelist-source-range"],
      scope: "location",
      risk: "Medium",
      means: "Lets in clients of these addresses and networks alone; others get 403.",
      otherwise: "whitelist-source-range of the ConfigMap",
      handling: { kind: "served" },
    },
    {
      name: "denylist-source-range",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "Refuses clients of these addresses and networks with 403.",
      otherwise: "denylist-source-range of the ConfigMap",
      handling: { kind: "served" },
    },
    {
      name: "satisfy",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Whether access takes all of address, password and permission, or any of them.",
      otherwise: "all",
      handling: { kind: "served" },
    },
  ],
  read: (source) => ({
    allow: listOf(source, "allowlist-source-range"),
    deny: listOf(source, "denylist-source-range") ?? [],
    satisfy: satisfyOf(source),
  }),
};

/** An empty annotation is an invalid one: ingress-nginx refuses all rather than none. */
function listOf(source: AnnotationSource, name: keyof typeof listKeys): readonly string[] | undefined {
  const written = source.text(name);
  const key = listKeys[name];
  const text = written ?? source.controller.value(key)?.trim();
  if (text === undefined || (text === "" && written === undefined)) return undefined;
  const list = readNetworks(text);
  if (list.kind === "networks") return list.networks;
  const where = written === undefined ? `${key} of the controller's ConfigMap` : name;
  source.deny("ingress-address-list-invalid", name, {
    message: `${where} has ${JSON.stringify(list.word)}, which is no address and no network: every request gets 503.`,
    fix: "Write addresses and networks such as 10.0.0.0/8, with commas between them.",
  });
  return [];
}

function satisfyOf(source: AnnotationSource): AddressLists["satisfy"] {
  const text = source.text("satisfy");
  if (text === undefined || text === "" || text === "all") return "all";
  if (text === "any") return "any";
  source.report("ingress-annotation-invalid", "satisfy", {
    message: `satisfy is ${JSON.stringify(text)}, which is neither any nor all: all counts.`,
    fix: "Write any or all.",
  });
  return "all";
}
