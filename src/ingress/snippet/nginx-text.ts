import type { NginxText } from "./snippet.ts";

/** Variables of nginx and of ingress-nginx's configuration that a request or an answer can be asked for. */
const known: ReadonlySet<string> = new Set([
  "args",
  "best_http_host",
  "host",
  "http_host",
  "is_args",
  "pass_access_scheme",
  "query_string",
  "remote_addr",
  "req_id",
  "request_id",
  "request_method",
  "request_uri",
  "scheme",
  "server_protocol",
  "status",
  "the_real_ip",
  "uri",
]);

/** Variables that are the same for every request of a location. */
const fixed: ReadonlySet<string> = new Set([
  "ingress_name",
  "literal_dollar",
  "namespace",
  "server_name",
  "service_name",
  "service_port",
]);

/** Families of variables that end with a name: of a field, of a cookie, of a parameter. */
const families = /^(?:http|cookie|arg|upstream_http|sent_http)_[a-z0-9_]+$/i;

/** Whether a variable says something about an answer, and so is unknown before there is one. */
export function isOfAnswer(variable: string): boolean {
  return /^(?:upstream_http|sent_http)_/.test(variable) || variable === "status";
}

/** Whether a request or its answer decides what a variable is. */
export function isOfRequest(variable: string): boolean {
  return known.has(variable) || families.test(variable);
}

/** Whether the value of a variable is known here. */
export function isKnownVariable(variable: string): boolean {
  return isOfRequest(variable) || fixed.has(variable);
}

/** Parts of a text: `$name`, `${name}` and `$1` are variables, every other character is itself. */
export function parseNginxText(text: string): NginxText {
  const parts: (string | { readonly variable: string })[] = [];
  let end = 0;
  for (const found of text.matchAll(/\$(?:\{(\w+)\}|([a-zA-Z_]\w*|\d))/g)) {
    if (found.index > end) parts.push(text.slice(end, found.index));
    parts.push({ variable: (found[1] ?? found[2])! });
    end = found.index + found[0].length;
  }
  if (end < text.length) parts.push(text.slice(end));
  return parts;
}

/** Names of the variables in a text. */
export function variablesOf(text: NginxText): readonly string[] {
  return text.flatMap((part) => (typeof part === "string" ? [] : [part.variable]));
}
