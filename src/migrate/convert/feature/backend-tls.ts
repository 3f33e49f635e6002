import type { BackendTls } from "../../../ingress/feature/backend-tls.ts";
import { type ConvertServerFeature, nothingConvertedOfServer } from "../convert-feature.ts";

export const convertBackendTls: ConvertServerFeature<BackendTls | undefined> = (setting, scope) => {
  if (setting === undefined) return nothingConvertedOfServer;
  const { secret, verify, name, tellsName, hasCertificate, hasAuthorities, versions, depth, ciphers } = setting;
  if (verify && hasAuthorities && name === "") {
    scope.deny("convert-refused", "proxy-ssl-verify", {
      message:
        "proxy-ssl-verify is on without proxy-ssl-name: no certificate is for the name that nginx gives its upstream, and every request fails.",
      fix: "Write the name that the backend's certificate is for as proxy-ssl-name.",
    });
  }
  if (depth !== 1 || ciphers !== "DEFAULT") {
    scope.report("convert-differs", depth === 1 ? "proxy-ssl-ciphers" : "proxy-ssl-verify-depth", {
      message: "Length of the chain and cipher suites towards backends are not converted; usual ones hold.",
      fix: "Nothing, unless a backend takes nothing else.",
    });
  }
  if (versions.includes("TLSv1.3") !== versions.includes("TLSv1.2")) {
    scope.report("convert-differs", "proxy-ssl-protocols", {
      message: `Backends are spoken with over TLS 1.2 or 1.3, not ${versions.join(" ")} alone.`,
      fix: "Nothing, unless a backend takes nothing else.",
    });
  }
  return {
    ...nothingConvertedOfServer,
    backendTls: {
      verify: verify && hasAuthorities ? { secret } : undefined,
      hostname: name !== "" && (verify || tellsName) ? name : undefined,
      clientCertificate: hasCertificate ? secret : undefined,
    },
  };
};
