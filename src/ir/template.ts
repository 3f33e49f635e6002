/** What a place in a {@link Template} is filled with. A value that there is not is empty. */
export type Placeholder =
  /** Field of the request as it came to this filter, by lower-case name; `otherwise`: the one to take when it is absent. */
  | {
      readonly from: "request";
      readonly name: string;
      readonly otherwise: string | undefined;
      readonly maxLength: number;
    }
  /** Field of the answer. */
  | {
      readonly from: "response";
      readonly name: string;
      readonly otherwise: string | undefined;
      readonly maxLength: number;
    }
  /** The first cookie of this name, or the first parameter of the query, as it is written there. */
  | { readonly from: "cookie" | "parameter"; readonly name: string }
  /** What a group of an answer's condition has found; `escaped`: as a part of a URL's path. */
  | { readonly from: "capture"; readonly group: number; readonly escaped: boolean }
  /** Claim of the token that showed who the client is; the names lead from one object into the next. */
  | { readonly from: "claim"; readonly path: readonly string[] }
  | { readonly from: RequestValue };

/**
 * What is known of every request without looking for a field. `target` is path and query (`escapedTarget`: percent-encoded, as the
 * value of a parameter; `spelledTarget`: as the client spelled it, whatever filters have made of it; `unslashedTarget`: that
 * without a slash at its end; `queryPart`: the query behind its `?`, or nothing), `decodedPath` the path with its escapes decoded, `host` with its port, `hostname` without, in
 * lower case.
 */
export type RequestValue =
  | "clientAddress"
  | "decodedPath"
  | "escapedTarget"
  | "host"
  | "hostname"
  | "method"
  | "path"
  | "principal"
  | "protocol"
  | "query"
  | "queryPart"
  | "requestId"
  | "scheme"
  | "spelledTarget"
  | "startTime"
  | "status"
  | "target"
  | "traceId"
  | "unslashedTarget";

/** Text with places that each request fills anew. */
export type Template = readonly (string | Placeholder)[];

/** A header with its value; the name is lower case. */
export type HeaderTemplate = { readonly name: string; readonly value: Template };

/** Longest value that a header field of the request fills in unless the template says less. Characters. */
export const maxPlaceholderLength = 4096;

/** Operators without an argument. Those that Envoy has mean here what they mean there. */
export const plainOperators = {
  DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: "clientAddress",
  PRINCIPAL: "principal",
  PROTOCOL: "protocol",
  RESPONSE_CODE: "status",
  START_TIME: "startTime",
  STREAM_ID: "requestId",
  TRACE_ID: "traceId",
} as const satisfies Readonly<Record<string, RequestValue>>;

/** Pseudo-fields that `REQ` takes beside names of fields; without the query a path is `:PATH-WITHOUT-QUERY`. */
export const pseudoFields = {
  ":authority": "host",
  ":method": "method",
  ":path": "target",
  ":path-without-query": "path",
  ":query": "query",
  ":scheme": "scheme",
} as const satisfies Readonly<Record<string, RequestValue>>;

/** A template, or why the text is none: completes "the value cannot be used: …". */
export type ParsedTemplate =
  | { readonly kind: "template"; readonly template: Template }
  | { readonly kind: "error"; readonly message: string };

/** Where the values may come from: those of an answer are not known while the request is under way. */
export type TemplateUse = "request" | "response";

const operator = /%(?:%|([A-Z_]+)(?:\(([^()%]*)\))?(?::(\d{1,4}))?%)/y;
const fieldName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Reads text with Envoy's command operators, such as `%REQ(X-USER?X-NAME):64%`; `%%` stands for one `%`. One that is not known
 * is an error, so that nobody is sent the operator instead of its value. Spec: Envoy, command operators.
 */
export function parseTemplate(text: string, use: TemplateUse): ParsedTemplate {
  const parts: (string | Placeholder)[] = [];
  let literal = "";
  for (let at = 0; at < text.length; ) {
    if (text[at] !== "%") {
      literal += text[at++];
      continue;
    }
    operator.lastIndex = at;
    const found = operator.exec(text);
    if (found === null) return { kind: "error", message: "it has a % that begins no operator; %% stands for one %" };
    at = operator.lastIndex;
    const [whole, name, argument, length] = found;
    if (name === undefined) {
      literal += "%";
      continue;
    }
    const placeholder = placeholderOf({ name, argument, length }, use);
    if (typeof placeholder === "string") return { kind: "error", message: `${whole} ${placeholder}` };
    if (literal !== "") parts.push(literal);
    literal = "";
    parts.push(placeholder);
  }
  if (literal !== "") parts.push(literal);
  return { kind: "template", template: parts };
}

type Operator = {
  readonly name: string;
  readonly argument: string | undefined;
  readonly length: string | undefined;
};

/** The place that an operator stands for, or what is wrong with it. */
function placeholderOf({ name, argument, length }: Operator, use: TemplateUse): Placeholder | string {
  if (Object.hasOwn(plainOperators, name)) {
    if (argument !== undefined) return "takes no argument";
    const from = plainOperators[name as keyof typeof plainOperators];
    return from === "status" && use === "request" ? "is not known before there is an answer" : { from };
  }
  if (argument === undefined || argument === "") return "is no operator that is known here, or lacks its argument";
  switch (name) {
    case "CLAIM":
      return { from: "claim", path: argument.split(".") };
    case "REQ":
      return fieldPlaceholder("request", argument, length);
    case "RESP":
      return use === "request"
        ? "is not known before there is an answer"
        : fieldPlaceholder("response", argument, length);
    default:
      return "is no operator that is known here";
  }
}

function fieldPlaceholder(
  from: "request" | "response",
  argument: string,
  length: string | undefined,
): Placeholder | string {
  const [name = "", otherwise, ...more] = argument.toLowerCase().split("?");
  if (from === "request" && otherwise === undefined && Object.hasOwn(pseudoFields, name))
    return { from: pseudoFields[name as keyof typeof pseudoFields] };
  if (more.length > 0 || !fieldName.test(name) || (otherwise !== undefined && !fieldName.test(otherwise)))
    return "does not name a header";
  return { from, name, otherwise, maxLength: Math.min(Number(length ?? maxPlaceholderLength), maxPlaceholderLength) };
}
