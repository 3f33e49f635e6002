/** All features of ingress-nginx, each with its annotations: what is not here is no annotation that 1.15 reads. */

import { addressLists } from "./feature/address-lists.ts";
import { affinity } from "./feature/affinity.ts";
import { answerBuffering } from "./feature/answer-buffering.ts";
import { answerRewrite } from "./feature/answer-rewrite.ts";
import { appRoot } from "./feature/app-root.ts";
import { backendProtocol } from "./feature/backend-protocol.ts";
import { backendTls } from "./feature/backend-tls.ts";
import { basicAuth } from "./feature/basic-auth.ts";
import { canary } from "./feature/canary.ts";
import { clientCertificate } from "./feature/client-certificate.ts";
import { cors } from "./feature/cors.ts";
import { errorPages } from "./feature/error-pages.ts";
import { externalAuth } from "./feature/external-auth.ts";
import { fastcgi } from "./feature/fastcgi.ts";
import { firewall } from "./feature/firewall.ts";
import { fixedRedirect } from "./feature/fixed-redirect.ts";
import { headers } from "./feature/headers.ts";
import { hostAliases } from "./feature/host-aliases.ts";
import { httpsRedirect } from "./feature/https-redirect.ts";
import { limits } from "./feature/limits.ts";
import { loadBalancing } from "./feature/load-balancing.ts";
import { logging } from "./feature/logging.ts";
import { mirror } from "./feature/mirror.ts";
import { passthrough } from "./feature/passthrough.ts";
import { pathRewrite } from "./feature/path-rewrite.ts";
import { requestBody } from "./feature/request-body.ts";
import { retries } from "./feature/retries.ts";
import { snippets } from "./feature/snippets.ts";
import { timeouts } from "./feature/timeouts.ts";
import { tlsOptions } from "./feature/tls-options.ts";
import { wwwRedirect } from "./feature/www-redirect.ts";
import type { IngressFeature } from "./feature.ts";

/** Settings of the paths of one Ingress. In the order in which they act on a request. */
export const locationFeatures = {
  pathRewrite,
  httpsRedirect,
  fixedRedirect,
  canary,
  snippets,
  externalAuth,
  basicAuth,
  addressLists,
  cors,
  limits,
  requestBody,
  answerBuffering,
  headers,
  answerRewrite,
  errorPages,
  mirror,
  logging,
  timeouts,
  retries,
  affinity,
  loadBalancing,
  backendProtocol,
  firewall,
  fastcgi,
} as const satisfies Readonly<Record<string, IngressFeature<unknown>>>;

/** Settings of a host, which its oldest Ingress decides. */
export const serverFeatures = {
  appRoot,
  wwwRedirect,
  hostAliases,
  passthrough,
  clientCertificate,
  backendTls,
  tlsOptions,
} as const satisfies Readonly<Record<string, IngressFeature<unknown>>>;

export type LocationFeatureName = keyof typeof locationFeatures;
export type ServerFeatureName = keyof typeof serverFeatures;

type SettingsOf<Table extends Readonly<Record<string, IngressFeature<unknown>>>> = {
  readonly [Name in keyof Table]: ReturnType<Table[Name]["read"]>;
};

export type LocationSettings = SettingsOf<typeof locationFeatures>;
export type ServerSettings = SettingsOf<typeof serverFeatures>;
