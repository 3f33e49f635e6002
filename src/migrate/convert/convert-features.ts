/** What every setting of an Ingress becomes. A setting without a row is a type error. */
import {
  type LocationFeatureName,
  type LocationSettings,
  locationFeatures,
  type ServerFeatureName,
  type ServerSettings,
} from "../../ingress/features.ts";
import type { ConvertFeature, ConvertServerFeature } from "./convert-feature.ts";
import { convertAddressLists } from "./feature/address-lists.ts";
import { convertAffinity } from "./feature/affinity.ts";
import { convertAnswerRewrite } from "./feature/answer-rewrite.ts";
import { convertAppRoot } from "./feature/app-root.ts";
import { convertBackendProtocol } from "./feature/backend-protocol.ts";
import { convertBackendTls } from "./feature/backend-tls.ts";
import { convertBasicAuth } from "./feature/basic-auth.ts";
import { convertCanary } from "./feature/canary.ts";
import { convertClientCertificate } from "./feature/client-certificate.ts";
import { convertCors } from "./feature/cors.ts";
import { convertErrorPages } from "./feature/error-pages.ts";
import { convertExternalAuth } from "./feature/external-auth.ts";
import { convertFixedRedirect } from "./feature/fixed-redirect.ts";
import { convertHeaders } from "./feature/headers.ts";
import { convertHttpsRedirect } from "./feature/https-redirect.ts";
import { convertLimits } from "./feature/limits.ts";
import { convertLoadBalancing } from "./feature/load-balancing.ts";
import { convertMirror } from "./feature/mirror.ts";
import { nothing } from "./feature/nothing.ts";
import { convertPathRewrite } from "./feature/path-rewrite.ts";
import { readElsewhere } from "./feature/read-elsewhere.ts";
import { convertRequestBody } from "./feature/request-body.ts";
import { convertRetries } from "./feature/retries.ts";
import { convertSnippets } from "./feature/snippets.ts";
import { convertTimeouts } from "./feature/timeouts.ts";
import { convertTlsOptions } from "./feature/tls-options.ts";
import { convertWwwRedirect } from "./feature/www-redirect.ts";

export type LocationConversions = { readonly [Name in LocationFeatureName]: ConvertFeature<LocationSettings[Name]> };
export type ServerConversions = { readonly [Name in ServerFeatureName]: ConvertServerFeature<ServerSettings[Name]> };

export const locationConversions: LocationConversions = {
  pathRewrite: convertPathRewrite,
  httpsRedirect: convertHttpsRedirect,
  fixedRedirect: convertFixedRedirect,
  canary: convertCanary,
  snippets: convertSnippets,
  externalAuth: convertExternalAuth,
  basicAuth: convertBasicAuth,
  addressLists: convertAddressLists,
  cors: convertCors,
  limits: convertLimits,
  requestBody: convertRequestBody,
  answerBuffering: nothing(locationFeatures.answerBuffering),
  headers: convertHeaders,
  answerRewrite: convertAnswerRewrite,
  errorPages: convertErrorPages,
  mirror: convertMirror,
  logging: nothing(locationFeatures.logging),
  timeouts: convertTimeouts,
  retries: convertRetries,
  affinity: convertAffinity,
  loadBalancing: convertLoadBalancing,
  backendProtocol: convertBackendProtocol,
  firewall: nothing(locationFeatures.firewall),
  fastcgi: nothing(locationFeatures.fastcgi),
};

export const serverConversions: ServerConversions = {
  appRoot: convertAppRoot,
  wwwRedirect: convertWwwRedirect,
  hostAliases: readElsewhere,
  passthrough: readElsewhere,
  clientCertificate: convertClientCertificate,
  backendTls: convertBackendTls,
  tlsOptions: convertTlsOptions,
};
