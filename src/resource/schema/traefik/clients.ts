import { z } from "zod";
import { optional } from "../optional.ts";
import { clientTls, foreign, word, words } from "./values.ts";

const credentials = {
  secret: optional(word, "Secret with the users."),
  realm: optional(word, "Realm. Default: traefik."),
  removeHeader: optional(z.boolean(), "Removes Authorization before the backend."),
  headerField: optional(word, "Header that tells the backend the user."),
};

/** Spec: BasicAuth of Traefik's CRD. */
export const basicAuth = z.object(credentials);

/** Spec: DigestAuth of Traefik's CRD. */
export const digestAuth = z.object(credentials);

/** Spec: ForwardAuth of Traefik's CRD. */
export const forwardAuth = z.object({
  address: optional(word, "URL of the authorization server."),
  trustForwardHeader: optional(z.boolean(), "Passes X-Forwarded-… of the client on to it."),
  authResponseHeaders: optional(words, "Headers of its answer that the request gets."),
  authResponseHeadersRegex: optional(word, "The same, by a regular expression."),
  authRequestHeaders: optional(words, "Headers of the request that it is sent. Default: all."),
  tls: optional(clientTls, "How it is trusted."),
  maxResponseBodySize: optional(z.int(), "Most bytes of its answer."),
  addAuthCookiesToResponse: optional(words, "Cookies of its answer that the client gets."),
  headerField: optional(word, "Header of its answer that holds the user, for logs."),
  forwardBody: optional(z.boolean(), "Sends it the content."),
  maxBodySize: optional(z.int(), "Most bytes of content that it is sent."),
  preserveLocationHeader: optional(z.boolean(), "Leaves Location of its answer as it is."),
  preserveRequestMethod: optional(z.boolean(), "Asks it with the method of the request."),
  authSigninURL: optional(word, "URL that clients are sent to when it answers 401."),
});

/** Spec: PassTLSClientCert of Traefik. */
export const passTlsClientCert = z.object({
  pem: optional(z.boolean(), "X-Forwarded-Tls-Client-Cert holds the certificate."),
  info: optional(foreign, "X-Forwarded-Tls-Client-Cert-Info holds parts of it."),
});
