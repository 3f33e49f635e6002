import type { AnnotationSource, IngressFeature } from "../feature.ts";

export type FirewallSetting = {
  /** `detects`: ModSecurity writes what it finds into its log. `blocks`: it refuses requests, too. */
  readonly mode: "off" | "detects" | "blocks";
};

const because = "Sluice has no web application firewall.";

/** ModSecurity. It refuses nothing unless a snippet switches its rule engine on; where one does, nothing passes without it. */
export const firewall: IngressFeature<FirewallSetting> = {
  annotations: [
    {
      name: "enable-modsecurity",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Whether ModSecurity looks at requests.",
      otherwise: "false",
      handling: { kind: "refused", because, closed: true },
    },
    {
      name: "enable-owasp-core-rules",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Whether ModSecurity has the rules of OWASP.",
      otherwise: "false",
      handling: { kind: "refused", because, closed: true },
    },
    {
      name: "modsecurity-snippet",
      aliases: [],
      scope: "location",
      risk: "Critical",
      means: "Rules and settings of ModSecurity.",
      otherwise: "",
      handling: { kind: "refused", because, closed: true },
    },
    {
      name: "modsecurity-transaction-id",
      aliases: [],
      scope: "location",
      risk: "High",
      means: "Id of requests in ModSecurity's log.",
      otherwise: "",
      handling: { kind: "refused", because, closed: false },
    },
  ],
  read: (source) => {
    const mode = modeOf(source);
    if (mode === "blocks") {
      source.deny("ingress-firewall-not-served", annotationOf(source), {
        message: "ModSecurity refuses requests here, and Sluice has no such firewall: all paths answer 503.",
        fix: "Put a firewall in front of the gateway, or ask one by auth-url, and remove the annotation.",
      });
    } else if (mode === "detects") {
      source.report("ingress-firewall-not-served", annotationOf(source), {
        message: "ModSecurity only logs what it finds here, and Sluice has no such firewall: requests pass unseen.",
        fix: "Remove the annotation, or put a firewall in front of the gateway.",
      });
    }
    return { mode };
  },
};

/** The annotation to point at: whichever of these is written. */
function annotationOf(source: AnnotationSource): string {
  return source.text("modsecurity-snippet") !== undefined ? "modsecurity-snippet" : "enable-modsecurity";
}

function modeOf(source: AnnotationSource): FirewallSetting["mode"] {
  const { controller } = source;
  const everywhere = controller.value("enable-modsecurity") === "true";
  const here = source.flag("enable-modsecurity");
  if (!(here ?? everywhere)) return "off";
  const snippets = [
    source.text("modsecurity-snippet"),
    everywhere ? controller.value("modsecurity-snippet") : undefined,
  ];
  return snippets.some((snippet) => /^\s*SecRuleEngine\s+On\b/im.test(snippet ?? "")) ? "blocks" : "detects";
}
