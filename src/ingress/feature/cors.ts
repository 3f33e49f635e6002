import { acceptedText, type TextRule } from "../accepted-text.ts";
import type { AnnotationSource, IngressFeature } from "../feature.ts";

/** What answers tell pages of other origins. Texts go into headers as they are. */
export type Cors = {
  /** Origins that are let in, as written; `https://*.example.com` is one label. `"*"` alone: all. */
  readonly allowOrigins: readonly string[];
  readonly allowCredentials: boolean;
  readonly allowMethods: string;
  readonly allowHeaders: string;
  /** `""`: the header is not sent. */
  readonly exposeHeaders: string;
  readonly maxAgeSeconds: number;
};

const defaults = {
  methods: "GET, PUT, POST, DELETE, PATCH, OPTIONS",
  headers:
    "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization",
  maxAgeSeconds: 1_728_000,
};

/** Words with a comma, a space or both between them. */
function listOf(word: string, wants: string): TextRule {
  const list = new RegExp(`^${word}(?:(?:,\\s?|\\s)${word})*(?:,\\s?|\\s)?$`);
  return { accepts: (text) => list.test(text), wants };
}

const methodList = listOf("[A-Za-z]+", "a list of methods such as GET, POST");
const headerList = listOf("[A-Za-z0-9_-]+", "a list of headers such as X-One, X-Two");
const exposedList = listOf("(?:[A-Za-z0-9_-]+|\\*)", "a list of headers such as X-One, or *");

const origin = /^[a-z]+:\/\/(?:\*\.)?[A-Za-z0-9.-]*(?::\d+)?$/;

export const cors: IngressFeature<Cors | undefined> = {
  annotations: [
    {
      name: "enable-cors",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Answers OPTIONS of allowed origins with 204, and puts the headers of CORS on every answer.",
      otherwise: "false",
      handling: { kind: "served" },
    },
    {
      name: "cors-allow-origin",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "Origins that are allowed; the host may begin with *. for one label.",
      otherwise: "*",
      handling: { kind: "served" },
    },
    {
      name: "cors-allow-methods",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "Methods that are allowed.",
      otherwise: defaults.methods,
      handling: { kind: "served" },
    },
    {
      name: "cors-allow-headers",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "Request headers that are allowed.",
      otherwise: defaults.headers,
      handling: { kind: "served" },
    },
    {
      name: "cors-allow-credentials",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Whether pages may send cookies and credentials.",
      otherwise: "true",
      handling: { kind: "served" },
    },
    {
      name: "cors-expose-headers",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "Response headers that pages may read.",
      otherwise: "",
      handling: { kind: "served" },
    },
    {
      name: "cors-max-age",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Seconds for which browsers remember a preflight.",
      otherwise: String(defaults.maxAgeSeconds),
      handling: { kind: "served" },
    },
  ],
  read(source) {
    if (source.flag("enable-cors") !== true) return undefined;
    return {
      allowOrigins: originsOf(source),
      allowCredentials: source.flag("cors-allow-credentials") ?? true,
      allowMethods: acceptedText(source, "cors-allow-methods", methodList) ?? defaults.methods,
      allowHeaders: acceptedText(source, "cors-allow-headers", headerList) ?? defaults.headers,
      exposeHeaders: acceptedText(source, "cors-expose-headers", exposedList) ?? "",
      maxAgeSeconds: source.integer("cors-max-age") ?? defaults.maxAgeSeconds,
    };
  },
};

/** ingress-nginx allows every origin where the list has a character that it does not take; here what is no origin is left out. */
function originsOf(source: AnnotationSource): readonly string[] {
  const text = source.text("cors-allow-origin") ?? "";
  if (text === "") return ["*"];
  const origins: string[] = [];
  for (const word of text.split(",").map((part) => part.trim())) {
    if (word === "*") return ["*"];
    if (word === "") continue;
    if (origin.test(word)) {
      origins.push(word);
      continue;
    }
    source.report("ingress-cors-origin-invalid", "cors-allow-origin", {
      message: `cors-allow-origin has ${JSON.stringify(word)}, which is no origin: it is left out.`,
      fix: "Write origins such as https://shop.example.com, with commas between them, or *.",
    });
  }
  return origins;
}
