import type { BackendTrafficPolicySpec } from "../resource/schema/policy/backend-traffic-policy.ts";
import { clusterFieldsBelow } from "./cluster-fields.ts";
import { type CompleteTable, neverUnsafe, notYet, served } from "./field-service.ts";
import { targetFields } from "./target-fields.ts";

const metadata = neverUnsafe("There is no dynamic metadata but in Envoy; write a number.");

export const backendTrafficFields = {
  ...targetFields,
  ...clusterFieldsBelow(""),
  circuitBreaker: ["circuit breaker", served],
  healthCheck: ["health check", served],
  http2: ["HTTP/2", served],
  "http2.connectionKeepalive.idleInterval": ["HTTP/2", notYet],
  "http2.connectionKeepalive.intervalJitter": ["HTTP/2", notYet],
  "http2.onInvalidMessage": ["HTTP/2", notYet],
  loadBalancer: ["load balancer", served],
  "loadBalancer.backendUtilization": ["load balancer", notYet],
  proxyProtocol: ["PROXY protocol", served],
  retry: ["retry", served],
  "retry.numAttemptsPerPriority": ["retry", notYet],
  tcpKeepalive: ["TCP keepalive", served],
  timeout: ["timeout", served],
  mergeType: ["attachment", served],
  admissionControl: ["admission control", served],
  bandwidthLimit: ["bandwidth limit", served],
  concurrency: ["concurrency", served],
  compression: ["compression", served],
  compressor: ["compression", served],
  faultInjection: ["fault injection", served],
  httpUpgrade: ["upgrade", notYet],
  rateLimit: ["rate limit", served],
  "rateLimit.global.rules[].cost.request.metadata": ["rate limit", metadata],
  "rateLimit.global.rules[].cost.response.metadata": ["rate limit", metadata],
  "rateLimit.global.rules[].limit.fromMetadata": ["rate limit", metadata],
  "rateLimit.local.rules[].cost.request.metadata": ["rate limit", metadata],
  "rateLimit.local.rules[].cost.response.metadata": ["rate limit", metadata],
  "rateLimit.local.rules[].limit.fromMetadata": ["rate limit", metadata],
  requestBodyLimit: ["request body", served],
  requestBuffer: ["request buffer", served],
  responseOverride: ["response override", served],
  routingType: ["routing", notYet],
  telemetry: ["telemetry", notYet],
  useClientProtocol: ["protocol", notYet],
} satisfies CompleteTable<BackendTrafficPolicySpec>;
