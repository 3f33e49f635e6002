import { acceptedText, onOrOff, type TextRule, withoutSpaces } from "../accepted-text.ts";
import type { IngressFeature } from "../feature.ts";

export type MirrorSetting = {
  /** Where a copy of each request goes; `undefined`: nowhere. */
  readonly target: MirrorTarget | undefined;
};

export type MirrorTarget = {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  /** Path and query of copies, with nginx's variables in it: `$request_uri` stands for those of the request. */
  readonly path: string;
  /** Host header of copies. */
  readonly hostHeader: string;
  /** Whether copies have the content of the request. */
  readonly content: boolean;
};

const url = withoutSpaces(/^[-._~a-zA-Z0-9/:?&=$]*$/, "a URL, such as http://shadow.example.com$request_uri");
const hostPattern = /^[-._~a-zA-Z0-9/:^$[\](){}*+?|&=\\]*$/;
const host: TextRule = { accepts: (text) => hostPattern.test(text), wants: "a host name" };
/** Variables may stand in the path alone: a host that a request chooses is none to send copies to. */
const parts = /^(https?):\/\/([-._a-zA-Z0-9]+)(?::(\d{1,5}))?((?:[/?$].*)?)$/;

export const mirror: IngressFeature<MirrorSetting> = {
  annotations: [
    {
      name: "mirror-target",
      aliases: [],
      scope: "location",
      risk: "High",
      means: "URL that a copy of every request is sent to.",
      otherwise: "",
      handling: { kind: "served" },
    },
    {
      name: "mirror-host",
      aliases: [],
      scope: "location",
      risk: "High",
      means: "Host header of the copies.",
      otherwise: "the host of mirror-target",
      handling: { kind: "served" },
    },
    {
      name: "mirror-request-body",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Whether copies have the content of the request.",
      otherwise: "on",
      handling: { kind: "served" },
    },
  ],
  read: (source) => {
    const target = acceptedText(source, "mirror-target", url);
    const content = acceptedText(source, "mirror-request-body", onOrOff) !== "off";
    const hostHeader = acceptedText(source, "mirror-host", host);
    if (target === undefined) return { target: undefined };
    const [, scheme, name = "", digits, path = ""] = parts.exec(target) ?? [];
    const port = digits === undefined ? (scheme === "https" ? 443 : 80) : Number(digits);
    if (scheme === undefined || port < 1 || port > 65_535) {
      source.report("ingress-mirror-not-served", "mirror-target", {
        message: `mirror-target is ${JSON.stringify(target)}, which names no host that copies can be sent to: nothing is mirrored.`,
        fix: "Write http:// or https://, a host name, and after it $request_uri.",
      });
      return { target: undefined };
    }
    return {
      target: {
        scheme: scheme as MirrorTarget["scheme"],
        host: name,
        port,
        path,
        hostHeader: hostHeader ?? name,
        content,
      },
    };
  },
};
