import { z } from "zod";
import type { AgreedRule } from "../agreed-rules.ts";
import { listOf } from "../list.ts";
import { optional } from "../optional.ts";
import { text } from "../text.ts";

const versions = ["Auto", "1.0", "1.1", "1.2", "1.3"] as const;
const version = z.enum(versions);

/** Spec: TLSSettings, of connections from clients and of those to backends. */
export const tlsSettings = {
  minVersion: optional(version, "Lowest TLS version. Default: 1.2."),
  maxVersion: optional(version, "Highest TLS version. Default: 1.3."),
  ciphers: optional(
    listOf(text({ min: 1, max: 128 }), { max: 64 }),
    "Cipher suites up to TLS 1.2, in OpenSSL's names.",
  ),
  ecdhCurves: optional(listOf(text({ min: 1, max: 64 }), { max: 16 }), "Curves of the key exchange."),
  signatureAlgorithms: optional(listOf(text({ min: 1, max: 64 }), { max: 32 }), "Signature algorithms."),
  alpnProtocols: optional(
    listOf(text({ min: 1, max: 32 }), { max: 8 }),
    "Protocols that are negotiated, such as h2 and http/1.1. An empty list: none.",
  ),
  fingerprints: optional(listOf(z.enum(["JA3", "JA4"]), { max: 2 }), "Fingerprints of clients to compute."),
};

/** Without a minimum it is 1.2; Auto is below every other minimum, and above every other maximum. */
const least = "(has(self.minVersion) ? {'Auto': 0, '1.0': 1, '1.1': 2, '1.2': 3, '1.3': 4}[self.minVersion] : 3)";
const most = "{'1.0': 1, '1.1': 2, '1.2': 3, '1.3': 4, 'Auto': 5}[self.maxVersion]";

export const tlsRules: readonly AgreedRule[] = [
  {
    judge: (value, report) => {
      if (value["minVersion"] === "1.3" && value["ciphers"] !== undefined)
        report(["ciphers"], "is set, but minVersion is 1.3, which has its own suites", "Remove ciphers.");
    },
    cel: {
      rule: "!has(self.minVersion) || self.minVersion != '1.3' || !has(self.ciphers)",
      message: "ciphers have no effect with minVersion 1.3",
    },
  },
  {
    judge: ({ minVersion = "1.2", maxVersion }, report) => {
      if (maxVersion === undefined || maxVersion === "Auto") return;
      if (versions.indexOf(minVersion as never) > versions.indexOf(maxVersion as never))
        report(["maxVersion"], `is below minVersion (${String(minVersion)})`, "Raise it, or lower minVersion.");
    },
    cel: { rule: `!has(self.maxVersion) || ${least} <= ${most}`, message: "maxVersion must not be below minVersion" },
  },
];
