import { droppingFlag } from "../accepted-text.ts";
import { controllerFlag } from "../controller-flag.ts";
import type { IngressFeature } from "../feature.ts";

/** Whether TLS for the hosts goes to the backend as it is. */
export type Passthrough = boolean;

export const passthrough: IngressFeature<Passthrough> = {
  annotations: [
    {
      name: "ssl-passthrough",
      aliases: [],
      scope: "server",
      risk: "Low",
      means:
        "Sends TLS for the host to the backend of its path / as it is, chosen by SNI; works with --enable-ssl-passthrough alone.",
      otherwise: "false",
      handling: { kind: "served" },
    },
  ],
  read: (source) => {
    const wanted = droppingFlag(source, "ssl-passthrough") ?? false;
    if (!wanted || controllerFlag(source.controller, "enable-ssl-passthrough", false)) return wanted;
    source.report("ingress-passthrough-off", "ssl-passthrough", {
      message:
        "ssl-passthrough is set, but the controller runs without --enable-ssl-passthrough: it is ignored, as ingress-nginx does.",
      fix: "Remove the annotation, or give the controller's flag.",
    });
    return false;
  },
};
