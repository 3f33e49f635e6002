import type { AnnotationSource, IngressFeature } from "../feature.ts";
import { readNetworks } from "../networks.ts";

/** What one client address may ask of the paths of one Ingress together; each gateway counts for itself. */
export type Limits = {
  /** All of them hold. */
  readonly requests: readonly RequestLimit[];
  /** Requests of an address that may be under way at a time; 0: any number. */
  readonly connections: number;
  /** Canonical networks whose clients are not limited in `requests` and `connections`. */
  readonly exempt: readonly string[];
  /** How fast each answer is sent; `undefined`: as fast as it comes. */
  readonly download: { readonly bytesPerSecond: number; readonly afterBytes: number } | undefined;
  readonly requestStatus: number;
  readonly connectionStatus: number;
};

export type RequestLimit = {
  readonly requests: number;
  readonly unit: "Second" | "Minute";
  /** Requests that may come at once beyond the one that the limit itself lets through. */
  readonly burst: number;
};

const kilobyte = 1024;

export const limits: IngressFeature<Limits> = {
  annotations: [
    {
      name: "limit-connections",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Requests that one address may have under way at a time; further ones get 503.",
      otherwise: "",
      handling: { kind: "served" },
    },
    {
      name: "limit-rps",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Requests of one address in a second; further ones get 503.",
      otherwise: "",
      handling: { kind: "served" },
    },
    {
      name: "limit-rpm",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Requests of one address in a minute; further ones get 503.",
      otherwise: "",
      handling: { kind: "served" },
    },
    {
      name: "limit-burst-multiplier",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "How many times the limit may come at once.",
      otherwise: "5",
      handling: { kind: "served" },
    },
    {
      name: "limit-allowlist",
      aliases: ["limit-whitelist"],
      scope: "location",
      risk: "Low",
      means: "Addresses and networks that are not limited.",
      otherwise: "",
      handling: { kind: "served" },
    },
    {
      name: "limit-rate",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Kilobytes a second with which an answer is sent.",
      otherwise: "limit-rate of the ConfigMap, or 0: no limit",
      handling: { kind: "served" },
    },
    {
      name: "limit-rate-after",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Kilobytes of an answer that are sent before limit-rate counts.",
      otherwise: "limit-rate-after of the ConfigMap, or 0",
      handling: { kind: "served" },
    },
  ],
  read(source) {
    const multiplier = multiplierOf(source);
    const requests = (
      [
        ["limit-rps", "Second"],
        ["limit-rpm", "Minute"],
      ] as const
    )
      .map(([name, unit]): RequestLimit => {
        const limit = source.integer(name) ?? 0;
        return { requests: limit, unit, burst: limit * multiplier };
      })
      .filter((limit) => limit.requests > 0);
    const rate = source.integer("limit-rate") ?? configured(source, "limit-rate") ?? 0;
    const after = source.integer("limit-rate-after") ?? configured(source, "limit-rate-after") ?? 0;
    return {
      requests,
      connections: Math.max(0, source.integer("limit-connections") ?? 0),
      exempt: exemptOf(source),
      download: rate > 0 ? { bytesPerSecond: rate * kilobyte, afterBytes: Math.max(0, after) * kilobyte } : undefined,
      requestStatus: refusalStatus(source, "limit-req-status-code"),
      connectionStatus: refusalStatus(source, "limit-conn-status-code"),
    };
  },
};

function multiplierOf(source: AnnotationSource): number {
  const otherwise = 5;
  const written = source.integer("limit-burst-multiplier") ?? otherwise;
  if (written >= 0) return written;
  source.report("ingress-annotation-invalid", "limit-burst-multiplier", {
    message: `limit-burst-multiplier is ${written}, with which nginx does not start: ${otherwise} counts.`,
    fix: "Write a whole number of 0 or more.",
  });
  return otherwise;
}

/** ingress-nginx has no limits at all where one word of the list is wrong; here the limits hold, and nobody is exempt. */
function exemptOf(source: AnnotationSource): readonly string[] {
  const text = source.text("limit-allowlist") ?? "";
  if (text === "") return [];
  const list = readNetworks(text);
  if (list.kind === "networks") return list.networks;
  source.report("ingress-limit-exemption-invalid", "limit-allowlist", {
    message: `limit-allowlist has ${JSON.stringify(list.word)}, which is no address and no network: the limits hold for everyone.`,
    fix: "Write addresses and networks such as 10.0.0.0/8, with commas between them.",
  });
  return [];
}

/** A whole number of the ConfigMap; anything else counts as not written. */
function configured(source: AnnotationSource, key: string): number | undefined {
  const text = source.controller.value(key)?.trim() ?? "";
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** nginx takes 400 to 599. */
function refusalStatus(source: AnnotationSource, key: string): number {
  const status = configured(source, key);
  return status !== undefined && status >= 400 && status <= 599 ? status : 503;
}
