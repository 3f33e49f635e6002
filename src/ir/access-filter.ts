/** Filters that decide who may ask and how, beside those that policies have. Patterns are in RE2 syntax. */
import type { ClusterKey } from "./cluster.ts";
import type { Filter, HeaderValue } from "./filter.ts";
import type { HeaderTemplate, Template } from "./template.ts";

/**
 * CORS by fixed headers. Answers every OPTIONS request of an allowed origin with 204, preflight or not, and puts Access-Control-Allow-Origin
 * and `headers` in place of the backend's on every answer to an allowed origin. Answers to other origins stay as they are.
 */
export type FixedCors = {
  readonly kind: "fixedCors";
  /**
   * `"*"` alone: every request is of an allowed origin, also one without Origin, and `*` is what it is told. Otherwise origins of any
   * scheme, compared without regard to case; a host that begins with `*.` has one label there.
   */
  readonly allowOrigins: readonly string[];
  /** Names are lower case. */
  readonly headers: readonly HeaderValue[];
};

/**
 * Asks a server about every request, in words of its own, and goes by the status of the answer: success lets the request pass, 401 and
 * 403 refuse it with a page of the gateway's, anything else is a 500. As `auth_request` of nginx.
 */
export type AuthRequest = {
  readonly kind: "authRequest";
  /** `undefined`: it cannot be asked, and every request gets 500. */
  readonly server: ClusterKey | undefined;
  readonly method: string;
  /** Path and query. */
  readonly target: Template;
  readonly host: string;
  /** Headers of the client that are not sent, lower case; all others are, but for those that the gateway writes itself. */
  readonly withheld: readonly string[];
  /** Headers that are sent in place of the client's. */
  readonly headers: readonly HeaderTemplate[];
  /** Which statuses let a request pass: those from 200 to 299, or 200 alone. */
  readonly admits: "success" | "ok";
  /** Headers of a permission that take the place of the client's, lower case; one that it lacks is removed from the request. */
  readonly copiedHeaders: readonly string[];
  /** Answers that get Set-Cookie of a permission: those of success and redirects, or all. */
  readonly cookies: "success" | "always";
  /** Where clients are sent, by 302, that the server answers 401; `undefined`: they get the 401. */
  readonly signIn: Template | undefined;
  /** `undefined`: every request is asked about. */
  readonly cache: AuthRequestCache | undefined;
  /** For the answer. Milliseconds. */
  readonly timeoutMs: number;
};

/** Requests with the same key have one answer while it is remembered; one that sets a cookie never is. */
export type AuthRequestCache = {
  readonly key: Template;
  /** The first row with its status says for how long. Milliseconds. */
  readonly rows: readonly { readonly statuses: readonly number[]; readonly ttlMs: number }[];
};

/** What one of can be enough. */
export const alternativeKinds = ["apiKeyAuth", "authRequest", "authorization", "basicAuth"] as const;
export type Alternative = Extract<Filter, { readonly kind: (typeof alternativeKinds)[number] }>;

/**
 * Lets in whom one of these filters lets in. They are asked in order, none behind the first that agrees. A refusal with 401 counts before
 * one with 403; any other answer of one of them is the answer.
 */
export type AnyOf = { readonly kind: "anyOf"; readonly filters: readonly Alternative[] };

/** Judges the certificate of a client whose connection is there already, and tells the backend of it. */
export type ClientCertificateCheck = {
  readonly kind: "clientCertificate";
  /**
   * What requests over TLS need: a certificate that an authority vouches for (`valid`), such a one or none (`validIfGiven`), one that
   * holds today whoever vouches for it or none (`currentIfGiven`), or nothing.
   */
  readonly demands: "valid" | "validIfGiven" | "currentIfGiven" | "nothing";
  /** Where refused clients are sent by 302; `undefined`: they get 400. */
  readonly errorPage: string | undefined;
  /** Must be found somewhere in the subject (RFC 4514) of every client, also of those that come without TLS: they get 403. `undefined`: any will do. */
  readonly subject: string | undefined;
  /** Whether backends get the certificate in ssl-client-cert (PEM, percent-encoded). Nobody else's word comes in under the names of these headers. */
  readonly tellsCertificate: boolean;
};

export type AccessFilter = FixedCors | AuthRequest | AnyOf | ClientCertificateCheck;
