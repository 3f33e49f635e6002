import type { CanaryHeader, CanarySplit } from "../../../ingress/feature/canary.ts";
import type { LocationSettings } from "../../../ingress/features.ts";
import type { IngressCanary } from "../../../ingress/ingress-model.ts";
import { re2Pattern } from "../../../ingress/nginx-pattern.ts";
import type { ValueMatch } from "../../../ir/match.ts";
import { nothingServed, type ServedVariant, type ServeFeature } from "../serve-feature.ts";

/** Requests that a canary takes are ways of their own through the location: by header, then by cookie, then by weight. */
export const serveCanary: ServeFeature<LocationSettings["canary"]> = (_, { location }) => {
  const [canary] = location.canaries;
  const split = canary?.settings.canary.split;
  if (canary === undefined || split === undefined) return nothingServed;
  return {
    ...nothingServed,
    variants: [...byHeader(split, canary), ...byCookie(split, canary), ...byWeight(split, canary)],
  };
};

type Way = { readonly key: string; readonly header: ValueMatch; readonly to: "main" | IngressCanary };

function variant({ key, header, to }: Way): ServedVariant {
  return { key, match: { headers: [header], query: [] }, shares: [{ to, weight: 1 }] };
}

function byHeader({ header }: CanarySplit, canary: IngressCanary): readonly ServedVariant[] {
  return header === undefined ? [] : headerWays(header, canary).map(variant);
}

function headerWays(header: CanaryHeader, canary: IngressCanary): readonly Way[] {
  const { name } = header;
  switch (header.kind) {
    case "word":
      return [
        { key: "header-always", header: { name, kind: "exact", value: "always" }, to: canary },
        { key: "header-never", header: { name, kind: "exact", value: "never" }, to: "main" },
      ];
    case "value":
      return [{ key: "header-value", header: { name, kind: "exact", value: header.value }, to: canary }];
    case "pattern": {
      const expression = re2Pattern(header.pattern, { ignoresCase: false });
      // Whoever sends the header stays with the main Ingress when the expression is none.
      if (expression.kind === "error") {
        return [{ key: "header-pattern", header: { name, kind: "regex", value: "(?s:.+)" }, to: "main" }];
      }
      const value = `(?s:.*)(?:${expression.pattern})(?s:.*)`;
      return [{ key: "header-pattern", header: { name, kind: "regex", value }, to: canary }];
    }
  }
}

/** nginx compares names of cookies without regard to case, which matches of cookies do not. */
function byCookie({ cookie }: CanarySplit, canary: IngressCanary): readonly ServedVariant[] {
  if (cookie === undefined) return [];
  const name = cookie.replaceAll(/[^A-Za-z0-9_]/g, "\\$&");
  const header = (value: string): ValueMatch => ({
    name: "cookie",
    kind: "regex",
    value: `(?s:(?:.*;)? *(?i:${name}) *= *${value}(?:;.*)?)`,
  });
  return [
    variant({ key: "cookie-always", header: header("always"), to: canary }),
    variant({ key: "cookie-never", header: header("never"), to: "main" }),
  ];
}

function byWeight({ weight, total }: CanarySplit, canary: IngressCanary): readonly ServedVariant[] {
  const share = Math.min(Math.max(weight, 0), total);
  if (share === 0) return [];
  return [
    {
      key: "weight",
      match: { headers: [], query: [] },
      shares: [
        { to: "main", weight: total - share },
        { to: canary, weight: share },
      ],
    },
  ];
}
