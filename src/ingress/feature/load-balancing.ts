import { acceptedText, acceptedWord, matching } from "../accepted-text.ts";
import { type AnnotationRow, annotationRow } from "../annotation.ts";
import type { AnnotationSource, IngressFeature } from "../feature.ts";

/** What of a request a hash is made of. `target`: path and query as they were sent. A value that there is not is empty. */
export type HashPart =
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "target" | "path" | "query" | "host" | "clientAddress" | "scheme" | "method" }
  /** `name`: lower case. */
  | { readonly kind: "header"; readonly name: string }
  | { readonly kind: "cookie" | "queryParam"; readonly name: string };

export type IngressBalancing = {
  readonly turns:
    | { readonly kind: "roundRobin" }
    /** The endpoint that answers fastest of late gets more. */
    | { readonly kind: "ewma" }
    /** Requests of one hash go to one endpoint, for as long as it is there. */
    | { readonly kind: "hash"; readonly by: readonly HashPart[] };
  /** `clusterIp`: requests go to the address of the Service itself. */
  readonly addresses: "endpoints" | "clusterIp";
};

const subsetsUnserved: AnnotationRow["handling"] = {
  kind: "refused",
  because: "Requests of one hash go to one endpoint rather than to some of them in turn.",
  closed: false,
};

/** Annotations: load-balance, upstream-hash-by, upstream-hash-by-subset, upstream-hash-by-subset-size, service-upstream. */
export const loadBalancing: IngressFeature<IngressBalancing> = {
  annotations: [
    annotationRow(
      "load-balance",
      "Low",
      "How endpoints take turns: round_robin, or ewma (those that answer fastest of late get more).",
      "round_robin",
      {
        handling: {
          kind: "partly",
          lacks: "With ewma the less busy of two endpoints is asked, whatever their answers took.",
        },
      },
    ),
    annotationRow(
      "upstream-hash-by",
      "High",
      "Text with variables of nginx: requests for which it reads the same go to the same endpoint.",
      "",
      {
        handling: { kind: "partly", lacks: "Variables of nginx that say nothing of the request itself are not known." },
      },
    ),
    annotationRow(
      "upstream-hash-by-subset",
      "Low",
      "Whether requests of one hash share some endpoints rather than one.",
      "false",
      { handling: subsetsUnserved },
    ),
    annotationRow("upstream-hash-by-subset-size", "Low", "How many endpoints requests of one hash share.", "3", {
      handling: subsetsUnserved,
    }),
    annotationRow(
      "service-upstream",
      "Low",
      "Whether requests go to the address of the Service itself rather than to its endpoints.",
      "false",
    ),
  ],
  read: (source) => {
    const by = readHash(source);
    const turns = readTurns(source);
    const clusterIp = source.flag("service-upstream") ?? source.controller.value("service-upstream") === "true";
    return {
      turns: by === undefined ? turns : { kind: "hash", by },
      addresses: clusterIp ? "clusterIp" : "endpoints",
    };
  },
};

function readTurns(source: AnnotationSource): { readonly kind: "roundRobin" | "ewma" } {
  const word = acceptedWord(source, "load-balance", ["round_robin", "ewma"]) ?? source.controller.value("load-balance");
  return { kind: word === "ewma" ? "ewma" : "roundRobin" };
}

const hashText = matching(/^[\w\-${} ]+$/, "a text of letters, digits and _ - $ { }");

function readHash(source: AnnotationSource): readonly HashPart[] | undefined {
  const text = acceptedText(source, "upstream-hash-by", hashText);
  const subset = source.flag("upstream-hash-by-subset") ?? false;
  source.integer("upstream-hash-by-subset-size");
  if (text === undefined) return undefined;
  const parts = parseHash(text);
  if (typeof parts === "string") {
    source.report("ingress-hash-unserved", "upstream-hash-by", {
      message: `upstream-hash-by names $${parts}, which Sluice does not know: endpoints take turns.`,
      fix: "Name variables of the request: $request_uri, $uri, $args, $host, $remote_addr, $scheme, $request_method, $http_NAME, $cookie_NAME, $arg_NAME.",
    });
    return undefined;
  }
  if (subset) {
    source.report("ingress-hash-unserved", "upstream-hash-by-subset", {
      message: "upstream-hash-by-subset is true, which Sluice does not serve: requests of one hash go to one endpoint.",
      fix: "Remove the annotation, or balance with load-balance if one endpoint is too few.",
    });
  }
  return parts;
}

/** `ngx.var` of `${name}` or `$name`, and the text between them; a `$` that begins no name is text. */
const part = /\$\{(\w+)\}|\$(\w+)|(\$|[^$]+)/g;

/** The parts, or the name of the variable that is not known. */
function parseHash(text: string): readonly HashPart[] | string {
  const parts: HashPart[] = [];
  for (const [, braced, plain, literal] of text.matchAll(part)) {
    const name = braced ?? plain;
    if (name === undefined) {
      parts.push({ kind: "text", value: literal! });
      continue;
    }
    const known = variableOf(name);
    if (known === undefined) return name;
    parts.push(known);
  }
  return parts;
}

const plainVariables: ReadonlyMap<string, HashPart> = new Map<string, HashPart>([
  ["request_uri", { kind: "target" }],
  ["uri", { kind: "path" }],
  ["document_uri", { kind: "path" }],
  ["args", { kind: "query" }],
  ["query_string", { kind: "query" }],
  ["host", { kind: "host" }],
  ["remote_addr", { kind: "clientAddress" }],
  ["binary_remote_addr", { kind: "clientAddress" }],
  ["the_real_ip", { kind: "clientAddress" }],
  ["scheme", { kind: "scheme" }],
  ["request_method", { kind: "method" }],
]);

function variableOf(name: string): HashPart | undefined {
  const plain = plainVariables.get(name);
  if (plain !== undefined) return plain;
  const [, family, rest] = /^(http|cookie|arg)_(\w+)$/.exec(name) ?? [];
  if (family === undefined || rest === undefined) return undefined;
  if (family === "http") return { kind: "header", name: rest.toLowerCase().replaceAll("_", "-") };
  return { kind: family === "cookie" ? "cookie" : "queryParam", name: rest };
}
