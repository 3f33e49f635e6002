import { acceptedText } from "../accepted-text.ts";
import type { IngressFeature } from "../feature.ts";
import { textRules } from "../text-rules.ts";

export type PathRewrite = {
  /** Paths of the Ingress are expressions; so are then all paths of its hosts, whosever they are. */
  readonly usesRegex: boolean;
  /**
   * What takes the place of the whole path: `$1` is the first group of the Ingress path, `$name` a named one. A URL sends the
   * client there. `undefined`: paths stay.
   */
  readonly target: string | undefined;
  /** X-Forwarded-Prefix for backends, where the path is rewritten; `undefined`: the client's passes. */
  readonly forwardedPrefix: string | undefined;
};

/** Whether a path of an Ingress is rewritten: one that is the target already is not, and makes no expressions of its host's paths. */
export function rewrites({ target }: PathRewrite, path: string): boolean {
  return target !== undefined && target !== path;
}

export const pathRewrite: IngressFeature<PathRewrite> = {
  annotations: [
    {
      name: "rewrite-target",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "What takes the place of the path; groups of the Ingress path go in as $1, $2 and so on.",
      otherwise: "",
      handling: { kind: "served" },
    },
    {
      name: "use-regex",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Paths are expressions, without regard to case, that have to fit at the beginning.",
      otherwise: "false",
      handling: { kind: "served" },
    },
    {
      name: "x-forwarded-prefix",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "Sends X-Forwarded-Prefix to backends whose path is rewritten.",
      otherwise: "",
      handling: { kind: "served" },
    },
  ],
  read: (source) => ({
    usesRegex: source.flag("use-regex") ?? false,
    target: acceptedText(source, "rewrite-target", textRules.captures),
    forwardedPrefix: acceptedText(source, "x-forwarded-prefix", textRules.basic, "drop"),
  }),
};
