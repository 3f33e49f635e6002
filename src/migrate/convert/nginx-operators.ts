/** Text with nginx's variables as text with the operators of Envoy, which headers of policies and filters may hold. */
import type { NginxText } from "../../ingress/snippet/snippet.ts";

const operators: Readonly<Record<string, string>> = {
  args: "%REQ(:QUERY)%",
  host: "%REQ(:AUTHORITY)%",
  http_host: "%REQ(:AUTHORITY)%",
  query_string: "%REQ(:QUERY)%",
  remote_addr: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
  req_id: "%STREAM_ID%",
  request_id: "%STREAM_ID%",
  request_method: "%REQ(:METHOD)%",
  request_uri: "%REQ(:PATH)%",
  scheme: "%REQ(:SCHEME)%",
  status: "%RESPONSE_CODE%",
  uri: "%REQ(:PATH-WITHOUT-QUERY)%",
};

/** `undefined`: there is no operator for one of the variables. */
export function operatorsOf(text: NginxText): string | undefined {
  const parts = text.map((part) => (typeof part === "string" ? part.replaceAll("%", "%%") : operatorOf(part.variable)));
  return parts.every((part) => part !== undefined) ? parts.join("") : undefined;
}

/** The text itself; `undefined`: it has variables. */
export function plainText(text: NginxText): string | undefined {
  return text.every((part) => typeof part === "string") ? text.join("") : undefined;
}

function operatorOf(variable: string): string | undefined {
  const [, header] = /^http_(\w+)$/.exec(variable) ?? [];
  return operators[variable] ?? (header === undefined ? undefined : `%REQ(${header.replaceAll("_", "-")})%`);
}
