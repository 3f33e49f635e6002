import type { AppRoot } from "../../../ingress/feature/app-root.ts";
import { type ConvertServerFeature, nothingConvertedOfServer } from "../convert-feature.ts";

export const convertAppRoot: ConvertServerFeature<AppRoot> = (root) => {
  if (root === undefined) return nothingConvertedOfServer;
  const requestRedirect = { path: { type: "ReplaceFullPath", replaceFullPath: root }, statusCode: 302 };
  const rule = {
    name: "app-root",
    match: { path: { type: "Exact", value: "/" } },
    filters: [{ type: "RequestRedirect", requestRedirect }],
  };
  return { ...nothingConvertedOfServer, rules: [rule] };
};
