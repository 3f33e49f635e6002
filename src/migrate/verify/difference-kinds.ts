/**
 * What can differ between two configurations, with what explains it: `migrate verify` names every difference by one of these. The
 * explanations say what ingress-nginx does, as recorded in `test/migration/truth`.
 */

export type DifferenceKind = {
  /** What differs, for tables. */
  readonly title: string;
  /** Why it often differs when Ingresses become routes, and what to look at. */
  readonly explains: string;
};

export const differenceKinds = {
  path: {
    title: "the path itself is answered differently",
    explains: "The paths of both sides do not cover the same requests, or one of them has no backend for it.",
  },
  "path-slash": {
    title: "a path with or without its final slash",
    explains:
      "ingress-nginx answers 301 to the path with a slash where only that is written as Prefix or Exact, unless a regular expression is in use on the host. Gateway API compares whole elements, with or without the slash.",
  },
  "path-suffix": {
    title: "a path with more characters in its last element",
    explains:
      "A regular expression of ingress-nginx is anchored at its beginning alone, so /foo takes /foobar too; and use-regex or rewrite-target on one Ingress makes all paths of the host such expressions.",
  },
  "path-below": {
    title: "a path below the written one",
    explains:
      "Exact paths take what is below them once any Ingress of the host uses regular expressions; PathPrefix takes it always, Exact never.",
  },
  "path-case": {
    title: "a path in other letter case",
    explains:
      "ingress-nginx compares regular expressions without regard to case, on the whole host once one Ingress uses them. Gateway API is case-sensitive.",
  },
  "path-doubled-slash": {
    title: "a path with a doubled slash",
    explains: "ingress-nginx merges slashes before it compares, and forwards what the client sent unless it rewrites.",
  },
  "path-encoded": {
    title: "a path with an escaped slash",
    explains:
      "ingress-nginx decodes before it compares: /app%2Fx is below /app, and a rewrite works on the decoded path.",
  },
  "path-dots": {
    title: "a path with dot segments",
    explains:
      "ingress-nginx resolves dot segments before it compares, and forwards what the client sent unless it rewrites.",
  },
  "path-unmatched": {
    title: "a path that nothing is written for",
    explains:
      "On ingress-nginx it gets 404 behind the annotations of the host's oldest Ingress: its passwords, lists and redirects apply.",
  },
  "path-acme": {
    title: "a path for ACME challenges",
    explains:
      "ingress-nginx exempts /.well-known/acme-challenge from redirects and authentication only where an Ingress has that path itself.",
  },
  "host-other": {
    title: "hosts that nothing is written for",
    explains:
      "Rules without a host and the default backend of ingress-nginx answer for every host, also over https with the default certificate.",
  },
  "host-more-labels": {
    title: "a host with two labels in place of the wildcard",
    explains: "*.example.com stands for one label in an Ingress, and for any number in the Gateway API.",
  },
  "host-port": {
    title: "a Host header with a port",
    explains:
      "ingress-nginx leaves the port out of redirects to https and keeps it in those of app-root and auth-signin.",
  },
  method: {
    title: "other methods than GET",
    explains:
      "A redirect with 301 or 302 turns POST into GET; 307 and 308 keep it. ingress-nginx redirects to https with 308.",
  },
  preflight: {
    title: "CORS preflights",
    explains:
      "ingress-nginx answers OPTIONS with 204 before redirects, lists and authentication, and gives every answer the CORS headers.",
  },
  canary: {
    title: "requests that choose a canary",
    explains:
      "Header, then cookie, then weight: always and never decide, other values fall through. A cookie stands among others in one header.",
  },
  client: {
    title: "clients inside and outside of address lists",
    explains: "What kept addresses out on one side does not on the other, or keeps out others.",
  },
  credentials: {
    title: "requests with credentials",
    explains: "Authentication differs: who is let in, what the others are answered, or what backends are told.",
  },
  "forged-headers": {
    title: "X-Forwarded headers of clients",
    explains:
      "ingress-nginx overwrites X-Forwarded-* and X-Real-IP with what it sees, unless use-forwarded-headers is on. Most gateways append to X-Forwarded-For.",
  },
  logged: {
    title: "a request of the access log is answered differently",
    explains: "Somebody has sent this request, and will get another answer.",
  },
  backend: {
    title: "the backends, or their weights",
    explains: "Requests of the same kind go to another Service, or to the same in other shares.",
  },
  location: {
    title: "where a redirect leads",
    explains:
      "The https redirect of ingress-nginx cuts one final slash and the port; permanent-redirect and temporal-redirect lead to the literal URL, without the request's path and query.",
  },
  hsts: {
    title: "Strict-Transport-Security",
    explains:
      "ingress-nginx sends it with every answer over https, unless hsts is off in its ConfigMap. Browsers remember it for a year.",
  },
  cors: {
    title: "CORS headers of answers",
    explains: "ingress-nginx puts them on every answer, in place of the backend's own.",
  },
  "answer-headers": {
    title: "headers of answers",
    explains: "Headers are added, changed or removed on one side alone.",
  },
  "answer-body": {
    title: "bodies of answers",
    explains:
      "Two gateways give the same answer with different content: another backend, or one that says something else each time.",
  },
  "backend-path": {
    title: "the path that backends see",
    explains:
      "rewrite-target replaces the whole path, with groups of the expression; ReplacePrefixMatch replaces the prefix alone.",
  },
  "backend-host": {
    title: "the Host that backends see",
    explains: "upstream-vhost, or a rewrite of the hostname, is on one side alone.",
  },
  "forwarded-headers": {
    title: "what backends are told of the client",
    explains:
      "ingress-nginx sends X-Real-IP, X-Forwarded-For, -Host, -Port, -Proto, -Scheme, X-Scheme and X-Request-ID. Other gateways send fewer.",
  },
  "backend-headers": {
    title: "other headers that backends see",
    explains: "Headers of requests are added, changed or removed on one side alone.",
  },
  timeouts: {
    title: "timeouts",
    explains:
      "proxy-read-timeout limits the silence between two reads, not the request as a whole, as timeouts.request does.",
  },
  retries: {
    title: "retries",
    explains:
      "ingress-nginx tries GET, PUT, DELETE and the like at three endpoints by default. HTTPRoute has no default.",
  },
  affinity: {
    title: "which endpoint a client comes back to",
    explains: "Session affinity or hashing is on one side alone, or of another kind.",
  },
  balancing: {
    title: "how endpoints are chosen and watched",
    explains: "Balancing, health checks or circuit breakers differ.",
  },
  "backend-protocol": {
    title: "what is spoken with backends",
    explains: "backend-protocol on one side, appProtocol on the other.",
  },
  "backend-tls": {
    title: "TLS with backends",
    explains: "ingress-nginx does not verify backends unless proxy-ssl-verify says so; BackendTLSPolicy always does.",
  },
  "rate-limit": {
    title: "limits of requests",
    explains:
      "ingress-nginx counts for each client and replica, lets a burst of five times through, and refuses with 503.",
  },
  concurrency: { title: "limits of requests at the same time", explains: "limit-connections refuses with 503." },
  "body-limit": {
    title: "the largest body",
    explains: "ingress-nginx refuses bodies above 1 MiB unless proxy-body-size says otherwise.",
  },
  bandwidth: { title: "limits of bandwidth", explains: "limit-rate slows answers down on one side alone." },
  passwords: {
    title: "who has a password",
    explains: "The users of both sides are not the same, or one side asks for none.",
  },
  mirror: { title: "copies of requests", explains: "mirror-target on one side, RequestMirror on the other." },
  "client-certificate": {
    title: "client certificates",
    explains:
      "auth-tls-* holds for the whole host, with a certificate or without; a listener asks for it in the handshake.",
  },
  "tls-options": { title: "TLS with clients", explains: "Versions, suites or what ALPN offers differ." },
} as const satisfies Readonly<Record<string, DifferenceKind>>;

export type DifferenceKindName = keyof typeof differenceKinds;

/** Kinds that settings show without a request. */
export const settingKinds = [
  "backend",
  "timeouts",
  "retries",
  "affinity",
  "balancing",
  "backend-protocol",
  "backend-tls",
  "rate-limit",
  "concurrency",
  "body-limit",
  "bandwidth",
  "passwords",
  "mirror",
  "client-certificate",
  "tls-options",
] as const satisfies readonly DifferenceKindName[];
export type SettingKind = (typeof settingKinds)[number];
