/** What serves each feature of ingress-nginx. The type checker asks for every one. */

import type {
  LocationFeatureName,
  LocationSettings,
  ServerFeatureName,
  ServerSettings,
} from "../../ingress/features.ts";
import { serveAddressLists } from "./feature/address-lists.ts";
import { serveAffinity } from "./feature/affinity.ts";
import { serveAnswerBuffering } from "./feature/answer-buffering.ts";
import { serveAnswerRewrite } from "./feature/answer-rewrite.ts";
import { serveAppRoot } from "./feature/app-root.ts";
import { serveBackendProtocol } from "./feature/backend-protocol.ts";
import { serveBackendTls } from "./feature/backend-tls.ts";
import { serveBasicAuth } from "./feature/basic-auth.ts";
import { serveCanary } from "./feature/canary.ts";
import { serveClientCertificate } from "./feature/client-certificate.ts";
import { serveCors } from "./feature/cors.ts";
import { serveErrorPages } from "./feature/error-pages.ts";
import { serveExternalAuth } from "./feature/external-auth.ts";
import { serveFastcgi } from "./feature/fastcgi.ts";
import { serveFirewall } from "./feature/firewall.ts";
import { serveFixedRedirect } from "./feature/fixed-redirect.ts";
import { serveHeaders } from "./feature/headers.ts";
import { serveHostAliases } from "./feature/host-aliases.ts";
import { serveHttpsRedirect } from "./feature/https-redirect.ts";
import { serveLimits } from "./feature/limits.ts";
import { serveLoadBalancing } from "./feature/load-balancing.ts";
import { serveLogging } from "./feature/logging.ts";
import { serveMirror } from "./feature/mirror.ts";
import { servePassthrough } from "./feature/passthrough.ts";
import { servePathRewrite } from "./feature/path-rewrite.ts";
import { serveRequestBody } from "./feature/request-body.ts";
import { serveRetries } from "./feature/retries.ts";
import { serveSnippets } from "./feature/snippets.ts";
import { serveTimeouts } from "./feature/timeouts.ts";
import { serveTlsOptions } from "./feature/tls-options.ts";
import { serveWwwRedirect } from "./feature/www-redirect.ts";
import type { ServeFeature, ServeServerFeature } from "./serve-feature.ts";

/** In the order in which ingress-nginx acts: it counts among filters of one stage, and where two say something of a rule or a cluster. */
export const locationServers: { readonly [Name in LocationFeatureName]: ServeFeature<LocationSettings[Name]> } = {
  logging: serveLogging,
  requestBody: serveRequestBody,
  cors: serveCors,
  fixedRedirect: serveFixedRedirect,
  snippets: serveSnippets,
  httpsRedirect: serveHttpsRedirect,
  limits: serveLimits,
  addressLists: serveAddressLists,
  basicAuth: serveBasicAuth,
  externalAuth: serveExternalAuth,
  pathRewrite: servePathRewrite,
  headers: serveHeaders,
  mirror: serveMirror,
  answerBuffering: serveAnswerBuffering,
  answerRewrite: serveAnswerRewrite,
  errorPages: serveErrorPages,
  timeouts: serveTimeouts,
  retries: serveRetries,
  affinity: serveAffinity,
  loadBalancing: serveLoadBalancing,
  backendProtocol: serveBackendProtocol,
  canary: serveCanary,
  firewall: serveFirewall,
  fastcgi: serveFastcgi,
};

export const hostServers: { readonly [Name in ServerFeatureName]: ServeServerFeature<ServerSettings[Name]> } = {
  appRoot: serveAppRoot,
  wwwRedirect: serveWwwRedirect,
  clientCertificate: serveClientCertificate,
  backendTls: serveBackendTls,
  tlsOptions: serveTlsOptions,
  hostAliases: serveHostAliases,
  passthrough: servePassthrough,
};
