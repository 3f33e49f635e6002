/** Where answers differ from those of ingress-nginx, on purpose: docs/migration/differences.md is made from this table. */
import type { FindingName } from "../finding/catalogue.ts";

export type IngressDifference = {
  readonly title: string;
  /** What ingress-nginx does. */
  readonly nginx: string;
  /** What Sluice does. */
  readonly sluice: string;
  /** Why Sluice does not do the same. */
  readonly why: string;
  /** Names the difference where it shows; `undefined`: it shows everywhere, and is not worth a line each time. */
  readonly finding: FindingName | undefined;
};

export const differences = {
  "tries-bounded": {
    title: "Attempts without a limit",
    nginx: "With proxy-next-upstream-tries 0 endpoints that fail are asked again and again until the client gives up.",
    sluice: "There are 32 attempts at most; then the client gets the answer that nginx gives after the last one.",
    why: "A single request must not keep all endpoints busy for as long as its client is there.",
    finding: "ingress-tries-unlimited",
  },
  "value-ignored": {
    title: "Values with which nginx loads no configuration",
    nginx:
      "A value such as a negative time is accepted, but nginx keeps its old configuration, and no later change of any Ingress takes effect.",
    sluice: "The value alone is ignored; all else of the Ingress, and all others, are served.",
    why: "One bad object never breaks another.",
    finding: "ingress-breaks-nginx",
  },
  "grpc-errors": {
    title: "Errors of gRPC calls",
    nginx: "A call that no backend answers gets a page with the HTTP status of the error.",
    sluice: "It gets the status of gRPC that stands for the error, as every client of gRPC makes of the HTTP status.",
    why: "Clients of gRPC are told why in the way that they read.",
    finding: undefined,
  },
  "moved-by-answer": {
    title: "The cookie of a client that moves when its endpoint fails",
    nginx:
      "With session-cookie-change-on-failure each failed attempt sets another cookie, in a 502 after the last one, too.",
    sluice: "One cookie is set, with the answer of the endpoint that did not fail.",
    why: "Where all endpoints have failed, there is none to move to.",
    finding: undefined,
  },
  "own-pages": {
    title: "Pages of the gateway's own",
    nginx: "Errors and redirects of its own have an HTML page that names nginx.",
    sluice: "They have the same status, and a line of plain text.",
    why: "Nothing reads the page but people, and it tells attackers which program answers.",
    finding: undefined,
  },
  "error-page-requests": {
    title: "How default backends are asked for error pages",
    nginx:
      "They are asked with HTTP/1.0 and Connection: close, with the content of the request. For an error that comes before the request is read, such as 413, they are told its length but not sent it, and told nothing of the Ingress.",
    sluice:
      "They are asked with HTTP/1.1, without content, and told the same of every error. When none answers, the client gets the error itself.",
    why: "An error page needs no content, and a default backend that waits for what never comes answers nobody.",
    finding: undefined,
  },
  "error-page-headers": {
    title: "Headers of answers that an error page replaces",
    nginx: "Nothing of the replaced answer is left.",
    sluice: "Its headers stay where the page has none of the name, but for those that describe its content.",
    why: "Clients need some of them, such as WWW-Authenticate and Retry-After.",
    finding: undefined,
  },
  "default-backend-request-id": {
    title: "X-Request-ID at the default backend",
    nginx: "A default backend that answers for a backend without endpoints gets X-Request-ID twice.",
    sluice: "It gets it once.",
    why: "It is the same id.",
    finding: undefined,
  },
  "nominated-headers": {
    title: "Headers that Connection names",
    nginx: "They reach the backend.",
    sluice: "They are dropped.",
    why: "Such headers are for one connection alone (RFC 9110 section 7.6.1).",
    finding: undefined,
  },
  "backend-connection-header": {
    title: "Connection at backends",
    nginx: "Backends are sent the value of connection-proxy-header.",
    sluice: "They are not.",
    why: "It is for one connection alone, and those to backends are the gateway's own affair.",
    finding: "ingress-connection-header",
  },
  "large-heads": {
    title: "Long URLs and large headers",
    nginx: "Above 8 kB of URL (414) or of one header, or 32 kB in all (400), a request is refused.",
    sluice: "The limits are 16 KiB of URL (414) and 64 KiB in all (431).",
    why: "Whoever was served is served. The limits of Sluice hold for all listeners of a port.",
    finding: undefined,
  },
  "mirrored-requests": {
    title: "Copies of requests for mirror-target",
    nginx:
      "They are sent with HTTP/1.0; with mirror-request-body off they tell the length of content that they do not have. A target without a path gets them for a path of nginx's own.",
    sluice:
      "They are sent with HTTP/1.1, and tell no length of what they do not have. A target without a path gets them for that of the request. Copies with more than 64 KiB of content are dropped, and so are those beyond 128 at a time.",
    why: "A copy must not cost more than the request; what nginx sends in those cases is of no use to anybody.",
    finding: undefined,
  },
  "chunks-stay-chunks": {
    title: "Content in chunks, where requests are not buffered",
    nginx: "Content that came in one read with its head is passed on with Content-Length.",
    sluice: "Content in chunks stays in chunks.",
    why: "It means the same, and does not depend on how packets come.",
    finding: undefined,
  },
  "converted-trace": {
    title: "Trace context for backends of converted routes",
    nginx: "Backends are sent no traceparent unless a client sent one.",
    sluice: "They are sent one: a route has the tracing of its Gateway.",
    why: "Whoever reads traces finds requests again; backends that do not read it are not harmed.",
    finding: undefined,
  },
  "converted-auth-request": {
    title: "What an authorisation service is told by converted routes",
    nginx:
      "It is told all headers of the request, X-Original-URL and X-Auth-Request-Redirect, and asked at its cluster address.",
    sluice:
      "It is told the headers of a list, X-Original-URL, X-Forwarded-Method and X-Forwarded-Uri, and asked at its endpoints.",
    why: "A policy lists what is told, so that credentials for others stay here.",
    finding: "convert-differs",
  },
  "converted-redirects": {
    title: "Location of redirects of converted routes",
    nginx:
      "The last slash of URL or query is cut off, the port is told or dropped by setting, and a fixed redirect drops the query.",
    sluice: "The URL stays what it is, with its query, and the usual port is not told.",
    why: "RequestRedirect changes what it says and keeps the rest.",
    finding: undefined,
  },
  "converted-challenge": {
    title: "WWW-Authenticate of converted passwords",
    nginx: "The realm is empty unless it is written, and no charset is told.",
    sluice: "The realm is Restricted unless it is written, and the charset is UTF-8.",
    why: "Browsers send other letters than ASCII in the charset that they are told.",
    finding: undefined,
  },
  "converted-unmatched": {
    title: "Paths of a converted host that no rule has",
    nginx: "They are answered with the settings of the oldest Ingress of the host, and 404 at last.",
    sluice: "They get 404.",
    why: "A route has no say in what none of its rules matches.",
    finding: undefined,
  },
  "converted-missing-backend": {
    title: "Backends of converted routes that do not exist",
    nginx: "Requests get 503.",
    sluice: "Requests get 500.",
    why: "HTTPRoute asks for 500 where a reference does not resolve.",
    finding: undefined,
  },
  "converted-attempts": {
    title: "Further attempts of converted routes",
    nginx: "GET, PUT, DELETE and the like are tried three times, also after a failure or a timeout.",
    sluice: "They are tried again only where nothing was sent yet.",
    why: "A policy cannot tell methods apart, and what is repeated must not be done twice.",
    finding: undefined,
  },
  "converted-buffering": {
    title: "Content of requests of converted routes",
    nginx: "Backends see a request when the whole of it is there, with its length.",
    sluice: "It is passed on as it comes, up to the same limit.",
    why: "Backends that stream get what they are sent at once; requestBuffer of a policy does the other.",
    finding: undefined,
  },
  "converted-misdirected": {
    title: "Server names of converted hosts",
    nginx: "Every host is served on every connection, whatever server name it began with.",
    sluice: "A request for a host that belongs to another listener gets 421.",
    why: "Gateway API listeners are isolated: a certificate does not speak for the hosts of others.",
    finding: undefined,
  },
  "converted-headers": {
    title: "Headers that converted backends and clients get",
    nginx:
      "X-Original-Forwarded-For and -Host tell what a client claimed; headers of the authorisation service stay inside.",
    sluice: "The client is told nothing of what it claimed before; answers of a refusal pass with their headers.",
    why: "What cannot be trusted is dropped, and a refusal is the service's own answer.",
    finding: undefined,
  },
  "converted-differs": {
    title: "Settings that are converted with a difference",
    nginx: "As the annotation says.",
    sluice: "As the finding of the conversion says.",
    why: "The Gateway API or the policies say almost the same in another way.",
    finding: "convert-differs",
  },
  "converted-lost": {
    title: "Settings that are lost by conversion",
    nginx: "As the annotation says.",
    sluice: "Without it, as the finding of the conversion says.",
    why: "Neither the Gateway API nor the policies have a field for it.",
    finding: "convert-lost",
  },
  "converted-refused": {
    title: "Protection that cannot be converted",
    nginx: "As the annotation says.",
    sluice: "The rules answer 503.",
    why: "Nothing becomes public by conversion.",
    finding: "convert-refused",
  },
  "converted-option": {
    title: "Options of the controller that are not converted",
    nginx: "As the ConfigMap says.",
    sluice: "Without them, as the finding of the conversion says.",
    why: "They are about nginx as a whole, and nobody may miss them.",
    finding: "convert-controller-option",
  },
  "converted-invalid": {
    title: "Ingresses that the API server or nginx refuses",
    nginx: "The Ingress, or every later change, is not in effect.",
    sluice: "It is converted as far as it can be read, or named and left out.",
    why: "One wrong object must not keep others from being served.",
    finding: undefined,
  },
  "converted-status": {
    title: "Statuses of converted gRPC routes",
    nginx: "A backend without endpoints is answered with a page and 503.",
    sluice: "The call ends with the status UNAVAILABLE.",
    why: "Clients of gRPC read no pages.",
    finding: undefined,
  },
  "converted-class": {
    title: "Ingresses of no class",
    nginx: "They are served only where the controller is told so.",
    sluice: "They are converted, unless --ingress-class names classes.",
    why: "A converter that leaves out what somebody serves loses it in silence.",
    finding: undefined,
  },
  "converted-health": {
    title: "The path /healthz of unknown hosts",
    nginx: "The controller answers it itself.",
    sluice: "It is a path like any other.",
    why: "The health of a gateway is told on a port of its own.",
    finding: undefined,
  },
  "converted-limits": {
    title: "Sizes of heads, and TRACE, of converted routes",
    nginx: "A head line above 8 kB gets 414 or 400, and TRACE 405.",
    sluice: "Larger heads are taken, and TRACE goes to the backend.",
    why: "They are limits of the gateway, not of an Ingress.",
    finding: undefined,
  },
  "converted-paths": {
    title: "Escapes and dots in paths of converted routes",
    nginx: "%2F, %0A and spaces count as what they stand for, and backends see dot segments as they were sent.",
    sluice: "Paths are compared as they are sent, without dot segments, and backends see them so.",
    why: "Gateway API compares paths in their normal form; what is judged must be what is sent on.",
    finding: undefined,
  },
  "converted-escaped-slashes": {
    title: "Escaped slashes beside protected paths of converted routes",
    nginx: "/admin%2Fx is below /admin, with what protects it.",
    sluice: "Where %2F would come around what protects a path, the host refuses %2F and %5C with 400.",
    why: "Nothing becomes public by conversion.",
    finding: "convert-escaped-slash",
  },
  "converted-own-answers": {
    title: "Headers of redirects of converted routes",
    nginx: "Headers of the location are on redirects to https too, and HSTS is not on those between names.",
    sluice: "The redirect is a route of its own, with the headers of its listener.",
    why: "It stands before the route that has the headers.",
    finding: undefined,
  },
  "digest-auth": {
    title: "Digest authentication",
    nginx: "auth-type: digest asks for a password by digest (MD5).",
    sluice: "Every request gets 503.",
    why: "Digest authentication has been given up by nginx and most clients: what its Secret holds is as good as the passwords. What protects and is not served lets nobody in.",
    finding: "ingress-digest-auth-unsupported",
  },
  "auth-left-out": {
    title: "Authentication that is written wrongly",
    nginx:
      "Most mistakes are answered with 503; some, such as a character in auth-url that it does not take, leave the authentication out.",
    sluice: "Every request gets 503.",
    why: "What protects and cannot be honoured lets nobody in.",
    finding: "ingress-auth-invalid",
  },
  "limits-left-out": {
    title: "A wrong word in limit-allowlist",
    nginx: "All limits of the Ingress are left out.",
    sluice: "The limits hold, and nobody is exempt from them.",
    why: "A typing mistake must not take a limit away.",
    finding: "ingress-limit-exemption-invalid",
  },
  "cors-origin-left-out": {
    title: "Something in cors-allow-origin that is no origin",
    nginx: "It is left out; with a character that ingress-nginx does not take, every origin is allowed.",
    sluice: "It is left out.",
    why: "A typing mistake must not open a service to every page.",
    finding: "ingress-cors-origin-invalid",
  },
  "ipv6-clients": {
    title: "Limits for clients with IPv6 addresses",
    nginx: "Every address counts for itself.",
    sluice: "All addresses of a /64 network count together.",
    why: "A client has a whole /64, and could take another address for every request.",
    finding: undefined,
  },
  "certificate-depth": {
    title: "Length of chains of client certificates",
    nginx: "A chain of more than auth-tls-verify-depth authorities is refused.",
    sluice: "Chains of any length are taken that end at an authority of the Secret.",
    why: "Only authorities that the Secret's vouch for can make a chain longer.",
    finding: "ingress-certificate-depth-not-limited",
  },
  "certificate-error-page": {
    title: "A path in auth-tls-error-page",
    nginx: "The path of the host is served in place of the 400.",
    sluice: "Refused clients get the 400; URLs are redirected to as with ingress-nginx.",
    why: "Clients who are refused by their certificate are served nothing of the host.",
    finding: "ingress-certificate-error-page-unsupported",
  },
  "retry-after": {
    title: "Retry-After with a limit",
    nginx: "Requests beyond a limit get the status alone.",
    sluice: "They are told by Retry-After when to come back.",
    why: "Clients that heed it stop asking in vain; no other client notices.",
    finding: undefined,
  },
  "auth-connection": {
    title: "Connections to the authorisation service",
    nginx:
      "Each question to auth-url comes on a connection of its own (Connection: close) unless auth-keepalive says otherwise.",
    sluice: "Connections are kept and shared.",
    why: "A connection for each question costs time, and tells the service nothing.",
    finding: undefined,
  },
  "hsts-on-certificate-refusals": {
    title: "Strict-Transport-Security with a refused client certificate",
    nginx: "Refusals for a client certificate come without the header, which all other answers over TLS have.",
    sluice: "They have it, too.",
    why: "The header is the host's, whatever the answer; a client that has it already learns nothing.",
    finding: undefined,
  },
  "resolved-paths": {
    title: "Paths with doubled slashes and dot segments",
    nginx:
      "They are resolved to find the location; the backend gets the path as the client sent it, unless it is rewritten.",
    sluice: "The backend gets the path resolved, too, otherwise as the client spelled it.",
    why: "A backend that reads /a/../b in another way than the gateway serves what the gateway was to keep away.",
    finding: undefined,
  },
  "ambiguous-paths": {
    title: "Paths that two readers take for two",
    nginx:
      "A dot segment beside an escaped slash (/a/..%2fb) is resolved; a # in a request line is a part of the path.",
    sluice: "Such requests get 400.",
    why: "No client that means well sends them, and backends disagree on what they ask for.",
    finding: undefined,
  },
  "malformed-hosts": {
    title: "Hosts that are no names",
    nginx: "A Host that is no host name, such as .example.com, is one that no Ingress has: 404.",
    sluice: "Such a request gets 400.",
    why: "What names nobody cannot be compared with hosts; HTTP has 400 for it (RFC 9112, section 3.2).",
    finding: undefined,
  },
  "other-host-than-server-name": {
    title: "Requests for another host than the TLS connection",
    nginx: "A host with client certificates answers a connection that was opened for another server name with 400.",
    sluice: "It answers 421, and so does another host on a connection that was opened for such a host.",
    why: "Clients open a connection for the host then. What one host asks of certificates was not asked on a connection for another.",
    finding: undefined,
  },
  "rewrite-without-slash": {
    title: "A rewritten path without its slash",
    nginx: "A rewrite-target such as $1 makes request lines such as GET v1 HTTP/1.1, which backends refuse with 400.",
    sluice: "The gateway answers 400, and no backend is asked.",
    why: "It sends no request line that is none.",
    finding: "ingress-rewrite-relative",
  },
  "www-redirect-hsts": {
    title: "HSTS on redirects between the names with and without www.",
    nginx: "Their answers over https have no Strict-Transport-Security.",
    sluice: "They have it, as all answers over https do.",
    why: "It is for the listener, and a redirect is the first that a browser sees of a name.",
    finding: undefined,
  },
  "control-characters-in-paths": {
    title: "Control characters in paths",
    nginx: "Line ends and other control characters may stand in a path, escaped.",
    sluice: "Such requests get 400.",
    why: "Backends and logs have been fooled by them, and nobody asks for such paths in earnest.",
    finding: undefined,
  },
  "one-mistake-one-path": {
    title: "An expression that nginx cannot read",
    nginx: "It does not load its configuration: the old one stays, and no later change of any Ingress takes effect.",
    sluice: "That path answers 503, and all else is served.",
    why: "One mistake must not stop the others.",
    finding: "ingress-path-inexpressible",
  },
  "forwarded-header-order": {
    title: "Headers of snippets that backends get anyway",
    nginx: "A proxy_set_header for X-Forwarded-Proto and the like sends a second line behind ingress-nginx's own.",
    sluice: "It sends both, the snippet's first.",
    why: "What the gateway says of a request closes its head; of two lines backends read one or the other.",
    finding: "ingress-snippet-header-twice",
  },
} as const satisfies Readonly<Record<string, IngressDifference>>;

export type DifferenceId = keyof typeof differences;
