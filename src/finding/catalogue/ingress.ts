import type { FindingRow } from "../finding.ts";

/** SL8xxx: what is wrong with Ingresses, their annotations and the configuration of their controller. */
export const ingressFindings = {
  // SL8000: Ingresses, hosts, paths, configuration.
  "ingress-annotation-invalid": {
    code: "SL8000",
    severity: "warning",
    title: "An annotation of an Ingress has a value that ingress-nginx does not take",
    why: "ingress-nginx ignores such a value without its admission webhook, and refuses the Ingress with it. Here, too, what holds without the annotation holds.",
  },
  "ingress-annotation-too-risky": {
    code: "SL8001",
    severity: "error",
    title: "An Ingress has an annotation that its controller does not allow",
    why: "ingress-nginx rates its annotations, and leaves out an Ingress with one above annotations-risk-level: nothing of it is served.",
  },
  "ingress-backend-unsupported": {
    code: "SL8002",
    severity: "error",
    title: "A path of an Ingress leads to something that is no Service",
    why: "A resource as backend is for controllers that know its kind; ingress-nginx leaves such a path out.",
  },
  "ingress-path-taken": {
    code: "SL8003",
    severity: "warning",
    title: "A path of an Ingress is an older Ingress's already",
    why: "Ingresses of one host are merged over all namespaces: of two with the same path and path type the older one counts.",
  },
  "ingress-alias-taken": {
    code: "SL8004",
    severity: "warning",
    title: "An alias of a host is somebody else's",
    why: "A host of an Ingress counts before an alias, and of two aliases the older one.",
  },
  "ingress-canary-unused": {
    code: "SL8005",
    severity: "warning",
    title: "A canary Ingress is ignored",
    why: "A canary needs a main Ingress with the same host, path and path type and another backend, and a backend has one canary.",
  },
  "ingress-path-inexpressible": {
    code: "SL8006",
    severity: "error",
    title: "An expression in a path of an Ingress cannot be used",
    why: "Expressions are RE2, whose matches have a bounded cost. What may be protected by a path that cannot be matched must not be reached by others, so its requests get 503.",
  },
  "ingress-backend-missing": {
    code: "SL8007",
    severity: "error",
    title: "An Ingress leads to a Service that cannot be used",
    why: "Its requests get 503, as ingress-nginx answers for a Service without endpoints. Everything else is served.",
  },
  "ingress-host-behind-listener": {
    code: "SL8008",
    severity: "warning",
    title: "Requests for a host of an Ingress come to a listener of a Gateway",
    why: "Of all listeners of a port the one with the most specific hostname takes a request, and no other. What serves Ingresses listens for any host.",
  },
  "ingress-certificate-unusable": {
    code: "SL8009",
    severity: "error",
    title: "A host of an Ingress is served with the default certificate",
    why: "The Secret that its tls names cannot be used. ingress-nginx serves such a host with its default certificate, too, which clients refuse.",
  },
  "ingress-path-refused": {
    code: "SL8010",
    severity: "error",
    title: "A path of an Ingress has characters that ingress-nginx refuses",
    why: "With strict-validate-path-type, as it is by default, the admission webhook of ingress-nginx refuses an Ingress whose exact or prefix path has anything but letters, digits and ._-/ in it. One that is there without the webhook is served, its path taken as it stands.",
  },
  // SL8100: rewrites, redirects, canaries, snippets.
  "ingress-passthrough-off": {
    code: "SL8100",
    severity: "warning",
    title: "An Ingress asks for TLS passthrough, which its controller has off",
    why: "ingress-nginx passes TLS through only when it runs with --enable-ssl-passthrough; without, the host is served like any other.",
  },
  "ingress-alias-unsupported": {
    code: "SL8101",
    severity: "error",
    title: "An alias of a host is no host name",
    why: "nginx takes expressions, and names that end with .*, as names of a server; here an alias is a name, or *. before one.",
  },
  "ingress-canary-without-switch": {
    code: "SL8102",
    severity: "warning",
    title: "An Ingress has settings of a canary, but is none",
    why: "ingress-nginx reads them only where canary is true; such an Ingress is served like any other.",
  },
  "ingress-canary-setting-unused": {
    code: "SL8103",
    severity: "info",
    title: "A setting of a canary has no effect",
    why: "canary-by-header-value wins over canary-by-header-pattern, and neither means anything without canary-by-header.",
  },
  "ingress-snippets-off": {
    code: "SL8104",
    severity: "warning",
    title: "An Ingress has a snippet, which its controller does not allow",
    why: "Without allow-snippet-annotations, ingress-nginx serves the Ingress without its snippets.",
  },
  "ingress-snippet-unreadable": {
    code: "SL8105",
    severity: "error",
    title: "A snippet is not what nginx can read",
    why: "nginx would refuse the whole configuration with it, and go on with the one before. Here all paths of the Ingress answer 503, and nothing else suffers.",
  },
  "ingress-snippet-unserved": {
    code: "SL8106",
    severity: "error",
    title: "A directive of a snippet is not served",
    why: "Of nginx's directives those are served that the page on Ingress lists; all others have to be done by hand.",
  },
  "ingress-snippet-closed": {
    code: "SL8107",
    severity: "error",
    title: "A directive of a snippet may protect something, and is not served",
    why: "Requests that it would have kept out must not pass, so all paths of the Ingress answer 503.",
  },
  "ingress-snippet-without-effect": {
    code: "SL8108",
    severity: "info",
    title: "A directive of a snippet changes nothing",
    why: "What it asks for holds anyway, or concerns nginx itself.",
  },
  // SL8200: access, CORS, limits.
  "ingress-auth-invalid": {
    code: "SL8200",
    severity: "error",
    title: "Authentication of an Ingress cannot be had as it is written",
    why: "Nobody may pass what was meant to be protected. ingress-nginx, too, answers 503 for most of these mistakes; for some it leaves the protection out.",
  },
  "ingress-address-list-invalid": {
    code: "SL8201",
    severity: "error",
    title: "A list of addresses of an Ingress has something that is no address and no network",
    why: "A list that is not understood as a whole protects nothing. ingress-nginx, too, answers 503.",
  },
  "ingress-client-certificate-invalid": {
    code: "SL8202",
    severity: "error",
    title: "Client certificates of a host cannot be asked for as an Ingress says",
    why: "Client certificates protect whole hosts: ingress-nginx, too, answers 403 for every path of the host, of other Ingresses as well.",
  },
  "ingress-limit-exemption-invalid": {
    code: "SL8203",
    severity: "error",
    title: "The exemptions from the limits of an Ingress have something that is no address and no network",
    why: "ingress-nginx drops all limits of such an Ingress without a word. Here they hold, and nobody is exempt.",
  },
  "ingress-cors-origin-invalid": {
    code: "SL8204",
    severity: "error",
    title: "A list of allowed origins of an Ingress has something that is no origin",
    why: "ingress-nginx leaves such an origin out, or allows every origin when it has a character that it does not take. Here it is left out.",
  },
  "ingress-digest-auth-unsupported": {
    code: "SL8205",
    severity: "error",
    title: "An Ingress asks for digest authentication",
    why: "Digest authentication hashes with MD5 and keeps what is as good as the password on the server; browsers and nginx have given it up. Basic authentication over TLS protects more.",
  },
  "ingress-certificate-error-page-unsupported": {
    code: "SL8206",
    severity: "warning",
    title: "The error page for refused certificates is a path of the host",
    why: "ingress-nginx serves that path in place of the error. Here clients are sent to URLs only; without one they get the 400.",
  },
  // SL8300: headers, bodies, errors, mirrors, logs.
  "ingress-breaks-nginx": {
    code: "SL8300",
    severity: "warning",
    title: "An annotation of an Ingress has a value that nginx cannot read",
    why: "ingress-nginx takes such a value, but nginx does not load the configuration with it: it keeps its old one, and no later change of any Ingress takes effect. Here the value alone is ignored.",
  },
  "ingress-headers-unusable": {
    code: "SL8301",
    severity: "error",
    title: "The ConfigMap of custom-headers cannot be used",
    why: "Headers of answers may protect clients, so paths that are to have them answer 503 without them, as with ingress-nginx.",
  },
  "ingress-default-backend-missing": {
    code: "SL8302",
    severity: "warning",
    title: "The Service of default-backend is missing",
    why: "ingress-nginx goes on without it: errors are answered by the controller's default backend, and requests for a backend without endpoints get 503.",
  },
  "ingress-mirror-not-served": {
    code: "SL8303",
    severity: "error",
    title: "The URL of mirror-target cannot be served",
    why: "Copies of requests go to one host, which the URL has to name. Requests themselves are served.",
  },
  "ingress-firewall-not-served": {
    code: "SL8304",
    severity: "error",
    title: "ModSecurity is not served",
    why: "Sluice has no web application firewall. Where ModSecurity refuses requests (SecRuleEngine On), all paths answer 503; where it only logs, requests pass.",
  },
  "ingress-fastcgi-parameters-missing": {
    code: "SL8305",
    severity: "error",
    title: "The ConfigMap of fastcgi-params-configmap is missing",
    why: "ingress-nginx answers 503 on all paths of such an Ingress, whatever its backends speak.",
  },
  "ingress-large-requests-stream": {
    code: "SL8306",
    severity: "info",
    title: "Large requests are passed on as they come",
    why: "ingress-nginx writes a request to a file until all of it is there. Sluice holds content in memory alone, up to a bound; larger requests are streamed.",
  },
  "ingress-answer-rewrite-not-served": {
    code: "SL8307",
    severity: "error",
    title: "A replacement in answers is not served",
    why: "proxy-cookie-domain, proxy-cookie-path and proxy-redirect-from are served as plain text: not as expressions, and not with nginx's variables.",
  },
  "ingress-connection-header": {
    code: "SL8308",
    severity: "info",
    title: "connection-proxy-header has no effect",
    why: "Connection is for one connection alone (RFC 9110 section 7.6.1): the gateway keeps those to backends open as it sees fit.",
  },
  "ingress-variable-unknown": {
    code: "SL8309",
    severity: "warning",
    title: "A text has a variable of nginx's that is not known",
    why: "What a variable stands for is known for those of the request and of the Ingress; a text with another one is left out.",
  },
  "ingress-tracing-not-served": {
    code: "SL8310",
    severity: "warning",
    title: "Tracing cannot be switched by an Ingress",
    why: "Spans are those of the Gateway's telemetry, for all of its requests alike.",
  },
  "ingress-suites-not-served": {
    code: "SL8311",
    severity: "warning",
    title: "Some of ssl-ciphers is not served",
    why: "Sluice has suites with forward secrecy alone (ECDHE); what a list asks for beside them is not offered to clients.",
  },
  // SL8400: backends.
  "ingress-protocol-unserved": {
    code: "SL8400",
    severity: "error",
    title: "Sluice does not speak the protocol of the backends of an Ingress",
    why: "Backends that speak FastCGI understand no other protocol: rather than send them what they cannot read, the paths of the Ingress answer 503.",
  },
  "ingress-hash-unserved": {
    code: "SL8401",
    severity: "warning",
    title: "Endpoints are not chosen by hash in the way that an Ingress asks for",
    why: "A hash is made of what the request says. Other variables of nginx, and hashes that stand for several endpoints, are not served; requests are.",
  },
  "ingress-tries-unlimited": {
    code: "SL8403",
    severity: "warning",
    title: "An Ingress sets no limit on attempts",
    why: "With all endpoints failing, nginx asks them again and again until the client gives up. Sluice gives up after 32 attempts, and then answers as nginx does after the last one.",
  },
  "ingress-backend-secret-unusable": {
    code: "SL8402",
    severity: "error",
    title: "The Secret for TLS to the backends of an Ingress cannot be used",
    why: "What verifies the backends is missing, so nothing is sent to them: ingress-nginx answers 503 on all paths of such an Ingress, and so does Sluice.",
  },
} satisfies Record<string, FindingRow>;
