import { acceptedText, type TextRule } from "../accepted-text.ts";
import type { IngressFeature } from "../feature.ts";

export type TlsOptionsSetting = {
  /** OpenSSL's list of suites of TLS 1.2; `undefined`: the controller's. */
  readonly ciphers: string | undefined;
  /** Whether the order of that list counts rather than the client's; `undefined`: as the controller has it. */
  readonly prefersOwnOrder: boolean | undefined;
};

const cipherList: TextRule = {
  accepts: (text) => /^[A-Za-z0-9+:_\-!]*$/.test(text),
  wants: "an OpenSSL list of suites, such as ECDHE-RSA-AES128-GCM-SHA256",
};

export const tlsOptions: IngressFeature<TlsOptionsSetting> = {
  annotations: [
    {
      name: "ssl-ciphers",
      aliases: [],
      scope: "server",
      risk: "Low",
      means: "Suites of TLS 1.2 that clients of the host may use.",
      otherwise: "as the controller has it",
      handling: { kind: "served" },
    },
    {
      name: "ssl-prefer-server-ciphers",
      aliases: [],
      scope: "server",
      risk: "Low",
      means: "Whether the gateway's order of suites counts rather than the client's.",
      otherwise: "as the controller has it",
      handling: {
        kind: "noEffect",
        because: "The gateway's order always counts, as it does in ingress-nginx unless it is switched off.",
      },
    },
  ],
  read: (source) => ({
    ciphers: acceptedText(source, "ssl-ciphers", cipherList),
    prefersOwnOrder: source.flag("ssl-prefer-server-ciphers"),
  }),
};
