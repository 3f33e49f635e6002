import type { TlsOptionsSetting } from "../../../ingress/feature/tls-options.ts";
import { type ConvertServerFeature, nothingConvertedOfServer } from "../convert-feature.ts";

/** Suites by name; what stands for several, or takes some out, only OpenSSL can read. */
export const convertTlsOptions: ConvertServerFeature<TlsOptionsSetting> = ({ ciphers }, scope) => {
  if (ciphers === undefined) return nothingConvertedOfServer;
  const words = ciphers.split(":").filter((word) => word !== "");
  const names = words.filter((word) => /^(?:ECDHE|DHE|TLS)[-_]/.test(word));
  if (names.length < words.length) {
    scope.report("convert-differs", "ssl-ciphers", {
      message: `Of ssl-ciphers, ${words.filter((word) => !names.includes(word)).join(":")} is not converted: a policy lists suites by their names.`,
      fix: "Nothing, unless clients need suites that are not named.",
    });
  }
  return names.length === 0
    ? nothingConvertedOfServer
    : { ...nothingConvertedOfServer, clientPolicy: { tls: { ciphers: names } } };
};
