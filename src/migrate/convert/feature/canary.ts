import type { Canary, CanaryHeader } from "../../../ingress/feature/canary.ts";
import type { IngressCanary } from "../../../ingress/ingress-model.ts";
import type { JsonObject } from "../../../resource/json.ts";
import { type ConvertedVariant, type ConvertFeature, nothingConverted } from "../convert-feature.ts";

/** The canaries of a location's path become rules before its own, in the order in which ingress-nginx asks: header, cookie, weight. */
export const convertCanary: ConvertFeature<Canary> = (_, { location }) => {
  const [canary] = location.canaries;
  const split = canary?.settings.canary.split;
  if (canary === undefined || split === undefined) return nothingConverted;
  const { header, cookie, total } = split;
  const weight = Math.min(total, Math.max(0, split.weight));
  const later = { cookie: cookie !== undefined, weight: weight > 0 };
  const variants = [
    ...headerVariants(header, canary, later.cookie || later.weight),
    ...(cookie === undefined ? [] : cookieVariants(cookie, canary, later.weight)),
    ...(weight === 0 ? [] : [byWeight(canary, weight, total)]),
  ];
  return { ...nothingConverted, variants };
};

/** `mayLeave`: whether something asks after the header, so that a client's `never` has to be heeded. */
function headerVariants(
  header: CanaryHeader | undefined,
  canary: IngressCanary,
  mayLeave: boolean,
): readonly ConvertedVariant[] {
  if (header === undefined) return [];
  const { name } = header;
  const to = (shares: "main" | IngressCanary, variant: string, match: JsonObject): ConvertedVariant => ({
    name: variant,
    match: { headers: [{ name, ...match }] },
    shares: [{ to: shares, weight: 1 }],
  });
  if (header.kind === "value") return [to(canary, "canary", { value: header.value })];
  if (header.kind === "pattern")
    return [to(canary, "canary", { type: "RegularExpression", value: `.*(?:${header.pattern}).*` })];
  return [to(canary, "canary", { value: "always" }), ...(mayLeave ? [to("main", "stable", { value: "never" })] : [])];
}

function cookieVariants(cookie: string, canary: IngressCanary, mayLeave: boolean): readonly ConvertedVariant[] {
  const to = (shares: "main" | IngressCanary, variant: string, word: string): ConvertedVariant => ({
    name: variant,
    match: {
      headers: [
        {
          name: "cookie",
          type: "RegularExpression",
          value: `(?:.*;\\s*)?(?i:${cookie.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")})=${word}(?:\\s*;.*)?`,
        },
      ],
    },
    shares: [{ to: shares, weight: 1 }],
  });
  return [to(canary, "canary-cookie", "always"), ...(mayLeave ? [to("main", "stable-cookie", "never")] : [])];
}

function byWeight(canary: IngressCanary, weight: number, total: number): ConvertedVariant {
  return {
    name: "weights",
    match: {},
    shares: [
      { to: "main", weight: total - weight },
      { to: canary, weight },
    ],
  };
}
