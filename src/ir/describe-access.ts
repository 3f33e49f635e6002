import type { AccessFilter, ClientCertificateCheck } from "./access-filter.ts";
import type { Filter } from "./filter.ts";

/** What a filter of access does, as `describeFilter` says it of the others. */
export function describeAccess(filter: AccessFilter, describeFilter: (filter: Filter) => string): string {
  switch (filter.kind) {
    case "fixedCors":
      return `answers OPTIONS requests of origins ${filter.allowOrigins.join(", ") || "(none)"} with 204, and sets the headers of CORS on answers to them`;
    case "authRequest":
      return `asks ${filter.server ?? "nobody (the server did not resolve)"} by ${filter.method} whether a request may pass${
        filter.signIn === undefined ? "" : "; whoever it does not know is sent to a sign-in page"
      }`;
    case "anyOf":
      return `one of these is enough: ${filter.filters.map(describeFilter).join("; ")}`;
    case "clientCertificate":
      return describeDemands(filter);
  }
}

const demandWords = {
  valid: "demands a valid client certificate",
  validIfGiven: "refuses client certificates that are not valid",
  currentIfGiven: "refuses client certificates that have expired",
  nothing: "asks for no client certificate",
} as const;

function describeDemands({ demands, subject, tellsCertificate }: ClientCertificateCheck): string {
  const named = subject === undefined ? "" : `, with ${subject} in its subject`;
  return `${demandWords[demands]}${named}; tells the backend of it${tellsCertificate ? ", and what it is" : ""}`;
}
