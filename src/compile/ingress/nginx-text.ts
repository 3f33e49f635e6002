import { maxPlaceholderLength, type Placeholder, type Template } from "../../ir/template.ts";

/** A text of nginx's as a template, or the first variable in it that is not known here. */
export type NginxText =
  | { readonly kind: "template"; readonly template: Template }
  | { readonly kind: "unknown"; readonly variable: string };

/** Variables that stand for one value of the request. */
const variables: ReadonlyMap<string, Placeholder> = new Map(
  Object.entries({
    args: "query",
    best_http_host: "host",
    escaped_request_uri: "escapedTarget",
    host: "hostname",
    http_host: "host",
    pass_access_scheme: "scheme",
    query_string: "query",
    remote_addr: "clientAddress",
    the_real_ip: "clientAddress",
    req_id: "requestId",
    request_id: "requestId",
    request_method: "method",
    request_uri: "spelledTarget",
    scheme: "scheme",
    server_protocol: "protocol",
    status: "status",
    uri: "decodedPath",
  } as const).map(([name, from]) => [name, { from }] as const),
);

/** `$name` or `${name}`, as nginx finds them in a text. */
const variable = /\$(?:\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))/g;

/**
 * Reads a text with nginx's variables. `$http_…`, `$cookie_…` and `$arg_…` are a header, a cookie and a parameter; groups of a
 * location's expression (`$1`) are not known here. `serverName`: what `$server_name` stands for.
 */
export function readNginxText(text: string, { serverName }: { readonly serverName: string }): NginxText {
  const template: (string | Placeholder)[] = [];
  const literal = (piece: string): void => {
    const last = template.at(-1);
    if (piece === "") return;
    if (typeof last === "string") template[template.length - 1] = last + piece;
    else template.push(piece);
  };
  let end = 0;
  for (const found of text.matchAll(variable)) {
    const name = found[1] ?? found[2] ?? "";
    literal(text.slice(end, found.index));
    end = found.index + found[0].length;
    const place = name === "server_name" ? serverName : placeOf(name);
    if (place === undefined) return { kind: "unknown", variable: `$${name}` };
    if (typeof place === "string") literal(place);
    else template.push(place);
  }
  literal(text.slice(end));
  return { kind: "template", template };
}

/** What fills the place of a variable, by its name without `$`; `undefined`: it is not known here. */
export function placeOf(name: string): Placeholder | undefined {
  const known = variables.get(name);
  if (known !== undefined) return known;
  const [, kind, rest = ""] = /^(http|cookie|arg|upstream_http|sent_http)_(.+)$/.exec(name) ?? [];
  switch (kind) {
    case "http":
      return {
        from: "request",
        name: rest.toLowerCase().replaceAll("_", "-"),
        otherwise: undefined,
        maxLength: maxPlaceholderLength,
      };
    case "cookie":
      return { from: "cookie", name: rest };
    case "arg":
      return { from: "parameter", name: rest };
    case "upstream_http":
    case "sent_http":
      return {
        from: "response",
        name: rest.toLowerCase().replaceAll("_", "-"),
        otherwise: undefined,
        maxLength: maxPlaceholderLength,
      };
    default:
      return undefined;
  }
}
