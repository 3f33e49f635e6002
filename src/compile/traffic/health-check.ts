import { durationMs } from "../../base/duration.ts";
import type { HealthCheck, HealthProbe } from "../../ir/traffic/health-check.ts";
import type { BackendSettings } from "./backend-settings.ts";

type ApiActive = NonNullable<NonNullable<BackendSettings["healthCheck"]>["active"]>;
type ApiPayload = NonNullable<NonNullable<ApiActive["tcp"]>["send"]>;

/** Checks never follow each other sooner. Milliseconds. */
const leastIntervalMs = 100;

/** Spec: BackendTrafficPolicy.healthCheck.active. */
export function compileHealthCheck(active: ApiActive): HealthCheck {
  return {
    intervalMs: Math.max(leastIntervalMs, durationMs(active.interval ?? "3s") ?? 0),
    initialJitterMs: durationMs(active.initialJitter ?? "0s") ?? 0,
    timeoutMs: Math.max(1, durationMs(active.timeout ?? "1s") ?? 0),
    unhealthyThreshold: active.unhealthyThreshold ?? 3,
    healthyThreshold: active.healthyThreshold ?? 1,
    port: active.overrides?.port ?? 0,
    probe: compileProbe(active),
  };
}

function compileProbe({ type, http, tcp, grpc }: ApiActive): HealthProbe {
  switch (type) {
    case "HTTP":
      return {
        kind: "http",
        hostname: http?.hostname ?? "",
        path: http?.path ?? "/",
        method: http?.method ?? "GET",
        expectedStatuses: http?.expectedStatuses ?? [200],
        retriableStatuses: http?.retriableStatuses ?? [],
        content: encode(http?.requestBody),
        expectedContent: encode(http?.expectedResponse),
      };
    case "GRPC":
      return { kind: "grpc", service: grpc?.service ?? "" };
    case "TCP":
      return { kind: "tcp", send: encode(tcp?.send), receive: encode(tcp?.receive) };
  }
}

/** In base64, as the model has bytes. */
function encode(payload: ApiPayload | undefined): string {
  if (payload?.type === "Binary") return payload.binary ?? "";
  return Buffer.from(payload?.text ?? "").toString("base64");
}
