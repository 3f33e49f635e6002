import type { RequestBodySetting } from "../../../ingress/feature/request-body.ts";
import { type ConvertFeature, nothingConverted } from "../convert-feature.ts";

/** Envoy Gateway has no limit but that of its buffer, which also does what ingress-nginx does with content: hold it until it is there. */
export const convertRequestBody: ConvertFeature<RequestBodySetting> = (
  { maxBytes, buffered },
  { policies, location, report },
) => {
  if (maxBytes === 0) return nothingConverted;
  const limit = quantity(maxBytes);
  if (policies !== "envoy-gateway") return { ...nothingConverted, trafficPolicy: { requestBodyLimit: limit } };
  const streams = !buffered || location.settings.backendProtocol.speaks.startsWith("grpc");
  if (!streams) return { ...nothingConverted, trafficPolicy: { requestBuffer: { limit } } };
  report("convert-lost", "proxy-body-size", {
    message: `The limit of ${limit} for content is not converted: Envoy Gateway limits only what it holds back, and here nothing is to be held back.`,
    fix: "Use --policies sluice, or let the backend refuse what is too large.",
  });
  return nothingConverted;
};

/** Bytes as Kubernetes writes quantities. */
function quantity(bytes: number): string {
  const units = [
    ["Gi", 2 ** 30],
    ["Mi", 2 ** 20],
    ["Ki", 2 ** 10],
  ] as const;
  const [unit, size] = units.find(([, each]) => bytes % each === 0) ?? ["", 1];
  return `${bytes / size}${unit}`;
}
