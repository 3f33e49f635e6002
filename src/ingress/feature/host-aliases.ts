import { reportInvalid } from "../accepted-text.ts";
import type { IngressFeature } from "../feature.ts";
import { textRules } from "../text-rules.ts";

/** More names of the hosts, lower case, sorted; `*.` stands for any number of labels. */
export type HostAliases = readonly string[];

const hostname = /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

export const hostAliases: IngressFeature<HostAliases> = {
  annotations: [
    {
      name: "server-alias",
      aliases: [],
      scope: "server",
      risk: "High",
      means:
        "More names of the host, with commas between them; a name that another Ingress has as its host is left to it.",
      otherwise: "",
      handling: { kind: "partly", lacks: "names that end with .* and expressions (~…)" },
    },
  ],
  read: (source) => {
    const names = (source.text("server-alias") ?? "")
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "");
    if (!names.every((name) => textRules.expression.accepts(name))) {
      reportInvalid(source, "server-alias", "a list of host names", "drop");
      return [];
    }
    const served = new Set<string>();
    for (const name of names) {
      const lower = name.toLowerCase();
      if (hostname.test(lower)) served.add(lower);
      else {
        source.report("ingress-alias-unsupported", "server-alias", {
          message: `server-alias has ${JSON.stringify(name)}, which is no host name or *. before one: requests for it are not served by this Ingress.`,
          fix: "List the names themselves.",
        });
      }
    }
    return [...served].sort();
  },
};
