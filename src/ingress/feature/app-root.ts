import { acceptedText, reportInvalid } from "../accepted-text.ts";
import type { IngressFeature } from "../feature.ts";
import { textRules } from "../text-rules.ts";

/** Path that `/` of the hosts redirects to, with 302; `undefined`: it does not. */
export type AppRoot = string | undefined;

export const appRoot: IngressFeature<AppRoot> = {
  annotations: [
    {
      name: "app-root",
      aliases: [],
      scope: "server",
      risk: "Medium",
      means: "Redirects the path / of the host, and no other, to this path.",
      otherwise: "",
      handling: { kind: "served" },
    },
  ],
  read: (source) => {
    const path = acceptedText(source, "app-root", textRules.captures);
    if (path === undefined || path.startsWith("/")) return path;
    reportInvalid(source, "app-root", "a path that begins with /", "ignore");
    return undefined;
  },
};
