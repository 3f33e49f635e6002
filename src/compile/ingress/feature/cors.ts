import type { LocationSettings } from "../../../ingress/features.ts";
import type { HeaderValue } from "../../../ir/filter.ts";
import { nothingServed, type ServeFeature } from "../serve-feature.ts";

export const serveCors: ServeFeature<LocationSettings["cors"]> = (cors, { at }) => {
  if (cors === undefined) return nothingServed;
  const header = (name: string, value: string): HeaderValue[] => (value === "" ? [] : [{ name, value }]);
  const headers = [
    ...header("access-control-allow-credentials", cors.allowCredentials ? "true" : ""),
    ...header("access-control-allow-methods", cors.allowMethods),
    ...header("access-control-allow-headers", cors.allowHeaders),
    ...header("access-control-expose-headers", cors.exposeHeaders),
    ...header("access-control-max-age", String(cors.maxAgeSeconds)),
  ];
  const filter = { kind: "fixedCors", allowOrigins: cors.allowOrigins, headers } as const;
  return { ...nothingServed, filters: [{ stage: "preflight", from: at("enable-cors"), filter }] };
};
