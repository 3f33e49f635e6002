import type { Filter, FilterKind } from "../ir/filter.ts";
import { buildAddressAllowList } from "./addressAllowList/proxy.ts";
import { buildAdmissionControl } from "./admissionControl/proxy.ts";
import { buildAnyOf } from "./anyOf/proxy.ts";
import { buildApiKeyAuth } from "./apiKeyAuth/proxy.ts";
import { buildAuthorization } from "./authorization/proxy.ts";
import { buildAuthRequest } from "./authRequest/proxy.ts";
import { buildBandwidthLimit } from "./bandwidthLimit/proxy.ts";
import { buildBasicAuth } from "./basicAuth/proxy.ts";
import { buildBodyLimit } from "./bodyLimit/proxy.ts";
import { buildClientCertificate } from "./clientCertificate/proxy.ts";
import { buildCompression } from "./compression/proxy.ts";
import { buildConcurrency } from "./concurrency/proxy.ts";
import { buildConditionalAnswer } from "./conditionalAnswer/proxy.ts";
import type { BuiltFilter, FilterOfKind, FilterServices } from "./contract/build.ts";
import { buildCors } from "./cors/proxy.ts";
import { buildCredentialInjection } from "./credentialInjection/proxy.ts";
import { buildCsrf } from "./csrf/proxy.ts";
import { buildDirectResponse } from "./directResponse/proxy.ts";
import { buildExternalAuth } from "./externalAuth/proxy.ts";
import { buildExternalProcessing } from "./externalProcessing/proxy.ts";
import { buildFaultInjection } from "./faultInjection/proxy.ts";
import { buildFixedCors } from "./fixedCors/proxy.ts";
import { buildGlobalRateLimit } from "./globalRateLimit/proxy.ts";
import { buildHeaderModifier } from "./headerModifier/proxy.ts";
import { buildHeaderMutation } from "./headerMutation/proxy.ts";
import { buildJwt } from "./jwt/proxy.ts";
import { buildListenerChecks } from "./listenerChecks/proxy.ts";
import { buildLocalRateLimit } from "./localRateLimit/proxy.ts";
import { buildOidc } from "./oidc/proxy.ts";
import { buildPathEdit } from "./pathEdit/proxy.ts";
import { buildRegexRewrite } from "./regexRewrite/proxy.ts";
import { buildRequestBuffer } from "./requestBuffer/proxy.ts";
import { buildRequestMirror } from "./requestMirror/proxy.ts";
import { buildRequestRedirect } from "./requestRedirect/proxy.ts";
import { buildResponseOverride } from "./responseOverride/proxy.ts";
import { buildResponseRewrite } from "./responseRewrite/proxy.ts";
import { buildStrictTransport } from "./strictTransport/proxy.ts";
import { buildUrlRedirect } from "./urlRedirect/proxy.ts";
import { buildUrlRewrite } from "./urlRewrite/proxy.ts";

/** A `BuildFilter` of the kind, whatever it carries. */
type Row<K extends FilterKind> = (filter: FilterOfKind<K>, services: FilterServices, previous: never) => BuiltFilter;

/** Every kind of filter and what builds it; one that is missing here is a type error. */
export const proxyFilters = {
  anyOf: buildAnyOf,
  authRequest: buildAuthRequest,
  clientCertificate: buildClientCertificate,
  fixedCors: buildFixedCors,
  headerModifier: buildHeaderModifier,
  requestRedirect: buildRequestRedirect,
  urlRewrite: buildUrlRewrite,
  cors: buildCors,
  csrf: buildCsrf,
  conditionalAnswer: buildConditionalAnswer,
  directResponse: buildDirectResponse,
  listenerChecks: buildListenerChecks,
  addressAllowList: buildAddressAllowList,
  pathEdit: buildPathEdit,
  urlRedirect: buildUrlRedirect,
  strictTransport: buildStrictTransport,
  requestMirror: buildRequestMirror,
  compression: buildCompression,
  externalProcessing: buildExternalProcessing,
  faultInjection: buildFaultInjection,
  headerMutation: buildHeaderMutation,
  regexRewrite: buildRegexRewrite,
  responseOverride: buildResponseOverride,
  responseRewrite: buildResponseRewrite,
  externalAuth: buildExternalAuth,
  localRateLimit: buildLocalRateLimit,
  globalRateLimit: buildGlobalRateLimit,
  concurrency: buildConcurrency,
  requestBuffer: buildRequestBuffer,
  bodyLimit: buildBodyLimit,
  bandwidthLimit: buildBandwidthLimit,
  admissionControl: buildAdmissionControl,
  jwt: buildJwt,
  authorization: buildAuthorization,
  oidc: buildOidc,
  basicAuth: buildBasicAuth,
  apiKeyAuth: buildApiKeyAuth,
  credentialInjection: buildCredentialInjection,
} as const satisfies { readonly [K in FilterKind]: Row<K> };

/** Builds a filter of any kind. A plane takes it as an option, so that tests can put filters of their own in its place. */
export type BuildAnyFilter = (filter: Filter, services: FilterServices, previous: unknown) => BuiltFilter;

/** Builds one filter. `previous` is what a filter of the same kind carried. */
export const buildProxyFilter: BuildAnyFilter = (filter, services, previous) =>
  // The table pairs each kind with its own builder; that the two agree is beyond what an index can say.
  (proxyFilters[filter.kind] as unknown as BuildAnyFilter)(filter, services, previous);
