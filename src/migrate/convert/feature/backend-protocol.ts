import type { BackendProtocol } from "../../../ingress/feature/backend-protocol.ts";
import { type ConvertFeature, nothingConverted } from "../convert-feature.ts";

/** Certificates of backends are verified only where the host's `proxy-ssl-…` annotations say how. */
const unverified = { verify: undefined, hostname: undefined, clientCertificate: undefined } as const;

const parts = {
  http: { protocol: "http1", tls: undefined },
  https: { protocol: "http1", tls: unverified },
  grpc: { protocol: "http2", tls: undefined },
  grpcs: { protocol: "http2", tls: unverified },
  auto: { protocol: "http1", tls: undefined },
  unserved: { protocol: "http1", tls: undefined },
} as const;

export const convertBackendProtocol: ConvertFeature<BackendProtocol> = ({ speaks, httpVersion }, scope) => {
  if (speaks === "auto") {
    scope.report("convert-lost", "backend-protocol", {
      message: "AUTO_HTTP is not converted: backends are spoken with in the clear, whatever the client speaks.",
      fix: "Say HTTP or HTTPS.",
    });
  }
  if (httpVersion === "1.0") {
    scope.report("convert-differs", "proxy-http-version", {
      message: "Backends are spoken with over HTTP/1.1 rather than HTTP/1.0.",
      fix: "Nothing, unless a backend takes nothing else.",
    });
  }
  return { ...nothingConverted, backend: parts[speaks] };
};
