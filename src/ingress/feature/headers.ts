import type { HeaderValue } from "../../ir/filter.ts";
import { acceptedText, type TextRule, withoutSpaces } from "../accepted-text.ts";
import type { AnnotationSource, IngressFeature } from "../feature.ts";

export type HeadersSetting = {
  /** Set in every answer, the gateway's own among them: the controller's, and in their place those of the Ingress. Names as written. */
  readonly answer: readonly HeaderValue[];
  /** Set in requests to backends, as the controller has it. Values may have nginx's variables. */
  readonly request: readonly HeaderValue[];
  /** Connection header of requests to backends; `undefined`: none. */
  readonly connection: "close" | "keep-alive" | undefined;
  /** Host that backends are asked for, with nginx's variables in it; `undefined`: the client's. */
  readonly host: string | undefined;
};

const configMapName = withoutSpaces(
  /^[-._~a-zA-Z0-9/:]*$/,
  "the namespace and name of a ConfigMap, such as web/headers",
);
const connectionValue = withoutSpaces(/^(close|keep-alive)$/, "close or keep-alive");
const hostPattern = /^[-._~a-zA-Z0-9/:^$[\](){}*+?|&=\\]*$/;
const hostValue: TextRule = { accepts: (text) => hostPattern.test(text), wants: "a host name" };

export const headers: IngressFeature<HeadersSetting> = {
  annotations: [
    {
      name: "custom-headers",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "ConfigMap with headers that are set in every answer.",
      otherwise: "",
      handling: { kind: "served" },
    },
    {
      name: "connection-proxy-header",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Connection header of requests to backends.",
      otherwise: "",
      handling: {
        kind: "noEffect",
        because: "Connection is for one connection alone, and those to backends are the gateway's own affair.",
      },
    },
    {
      name: "upstream-vhost",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Host that backends are asked for.",
      otherwise: "",
      handling: { kind: "served" },
    },
  ],
  read: (source) => {
    const connection = acceptedText(source, "connection-proxy-header", connectionValue)?.replaceAll(" ", "");
    return {
      answer: merged(controllerHeaders(source, "add-headers"), answerHeaders(source)),
      request: controllerHeaders(source, "proxy-set-headers"),
      connection: connection as HeadersSetting["connection"],
      host: acceptedText(source, "upstream-vhost", hostValue),
    };
  },
};

const headerName = /^[a-zA-Z\d\-_]+$/;
const headerValue = /^[a-zA-Z\d_ :;.,\\/"'?!(){}[\]@<>=\-+*#$&`|~^%]*$/;

/** Headers of a ConfigMap that cannot be had are taken for protection, as ingress-nginx does: nothing is served without them. */
function answerHeaders(source: AnnotationSource): readonly HeaderValue[] {
  const name = acceptedText(source, "custom-headers", configMapName);
  if (name === undefined) return [];
  const [namespace = "", key = "", ...more] = name.split("/");
  const configMap = more.length === 0 && key !== "" ? source.snapshot.get("ConfigMap", namespace, key) : undefined;
  const deny = (message: string, fix: string): readonly HeaderValue[] => {
    source.deny("ingress-headers-unusable", "custom-headers", { message, fix });
    return [];
  };
  if (configMap === undefined) {
    return deny(
      `custom-headers names ConfigMap ${name}, which does not exist: all paths answer 503.`,
      "Create the ConfigMap with the headers as its data, and write its namespace before its name.",
    );
  }
  const allowed = allowedHeaders(source);
  const entries = Object.entries(configMap.data).toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [header, value] of entries) {
    if (!headerName.test(header) || !headerValue.test(value)) {
      return deny(
        `ConfigMap ${name} of custom-headers has ${JSON.stringify(`${header}: ${value}`)}, which is no header that ingress-nginx takes: all paths answer 503.`,
        `Correct ${header} in ConfigMap ${name}.`,
      );
    }
    if (!allowed.includes(header)) {
      return deny(
        `ConfigMap ${name} of custom-headers has ${header}, which global-allowed-response-headers of the controller lacks: all paths answer 503.`,
        `Add ${header} to global-allowed-response-headers, or take it out of ConfigMap ${name}.`,
      );
    }
  }
  return entries.map(([header, value]) => ({ name: header, value }));
}

/** Those of a ConfigMap that a key of the controller's names; none when it is missing. */
function controllerHeaders({ controller, snapshot }: AnnotationSource, key: string): readonly HeaderValue[] {
  const [namespace = "", name = ""] = (controller.value(key) ?? "").split("/");
  const data = snapshot.get("ConfigMap", namespace, name)?.data ?? {};
  return Object.entries(data)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([header, value]) => ({ name: header, value }));
}

function merged(usual: readonly HeaderValue[], own: readonly HeaderValue[]): readonly HeaderValue[] {
  const names = new Set(own.map(({ name }) => name.toLowerCase()));
  return [...usual.filter(({ name }) => !names.has(name.toLowerCase())), ...own];
}

/** Names in the ConfigMap's list that are none do not count. */
function allowedHeaders({ controller }: AnnotationSource): readonly string[] {
  const list = controller.value("global-allowed-response-headers") ?? "";
  return list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => headerName.test(name));
}
