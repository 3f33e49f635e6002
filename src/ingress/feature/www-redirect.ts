import { droppingFlag } from "../accepted-text.ts";
import type { IngressFeature } from "../feature.ts";

/** Whether the name with `www.` redirects to the host, or, if the host begins with `www.`, the name without. */
export type WwwRedirect = boolean;

export const wwwRedirect: IngressFeature<WwwRedirect> = {
  annotations: [
    {
      name: "from-to-www-redirect",
      aliases: [],
      scope: "server",
      risk: "Low",
      means:
        "Redirects the other of the two names, with and without www., to the host, unless it is the host of another Ingress.",
      otherwise: "false",
      handling: { kind: "served" },
    },
  ],
  read: (source) => droppingFlag(source, "from-to-www-redirect") ?? false,
};
