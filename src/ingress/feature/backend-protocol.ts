import { acceptedWord } from "../accepted-text.ts";
import { annotationRow } from "../annotation.ts";
import type { AnnotationSource, IngressFeature } from "../feature.ts";

/** What is spoken to endpoints. */
export type BackendProtocol = {
  /** `auto`: that of the client's own connection, http or https. `unserved`: what Sluice does not speak. */
  readonly speaks: "http" | "https" | "grpc" | "grpcs" | "auto" | "unserved";
  readonly httpVersion: "1.0" | "1.1";
};

const protocols: ReadonlyMap<string, BackendProtocol["speaks"]> = new Map([
  ["HTTP", "http"],
  ["HTTPS", "https"],
  ["GRPC", "grpc"],
  ["GRPCS", "grpcs"],
  ["AUTO_HTTP", "auto"],
  ["FCGI", "unserved"],
]);

/** Annotations: backend-protocol, proxy-http-version, http2-push-preload. */
export const backendProtocol: IngressFeature<BackendProtocol> = {
  annotations: [
    annotationRow(
      "backend-protocol",
      "Low",
      "What is spoken to endpoints: HTTP, HTTPS, GRPC, GRPCS, AUTO_HTTP (as the client does) or FCGI.",
      "HTTP",
      { handling: { kind: "partly", lacks: "FCGI is not served: the paths of such an Ingress answer 503." } },
    ),
    annotationRow("proxy-http-version", "Low", "Version of HTTP spoken to endpoints: 1.0 or 1.1.", "1.1"),
    annotationRow(
      "http2-push-preload",
      "Low",
      "Pushed what Link headers name to clients of HTTP/2, in releases of nginx that are long gone.",
      "false",
      { handling: { kind: "noEffect", because: "Neither nginx nor browsers know pushes any longer." } },
    ),
  ],
  read: (source) => {
    source.flag("http2-push-preload");
    return { speaks: readProtocol(source), httpVersion: readVersion(source) };
  },
};

function readProtocol(source: AnnotationSource): BackendProtocol["speaks"] {
  const text = source.text("backend-protocol") ?? "";
  if (text === "") return "http";
  const speaks = protocols.get(text.toUpperCase());
  if (speaks === undefined) {
    source.report("ingress-annotation-invalid", "backend-protocol", {
      message: `backend-protocol is ${JSON.stringify(text)}, which ingress-nginx does not know: it speaks HTTP to the endpoints, and so does Sluice.`,
      fix: `Write one of ${[...protocols.keys()].join(", ")}; for HTTP/2 without TLS that is GRPC.`,
    });
    return "http";
  }
  if (speaks === "unserved") {
    source.deny("ingress-protocol-unserved", "backend-protocol", {
      message: "backend-protocol is FCGI, which Sluice does not speak: the paths of the Ingress answer 503.",
      fix: "Put a web server that speaks FastCGI in front of the application, as a sidecar, and let the Service lead to it.",
    });
  }
  return speaks;
}

function readVersion(source: AnnotationSource): BackendProtocol["httpVersion"] {
  const version = acceptedWord(source, "proxy-http-version", ["1.0", "1.1"]);
  return (version ?? source.controller.value("proxy-http-version")) === "1.0" ? "1.0" : "1.1";
}
