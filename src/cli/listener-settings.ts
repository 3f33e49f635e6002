import { defaultListenerSettings, type ListenerSettings } from "../ir/listener-settings.ts";
import type { FlagValues } from "./flags.ts";

/** The flags that decide what listeners grant and believe where no object says otherwise. */
export type ListenerFlags = Pick<
  FlagValues,
  "trustedHops" | "trustedHeader" | "forwardClientCert" | "proxyProtocolFrom" | "bodyRate" | "bodyTimeout"
>;

/** What listeners grant and believe where no object says otherwise: flags over defaults. */
export function listenerSettings(flags: ListenerFlags): ListenerSettings {
  return {
    ...defaultListenerSettings,
    trust: { trustedHops: flags.trustedHops, source: flags.trustedHeader },
    forwardClientCertificate: flags.forwardClientCert,
    proxyProtocolFrom: flags.proxyProtocolFrom,
    requestBodyRate: flags.bodyRate,
    requestBodyTimeoutMs: flags.bodyTimeout * 1000,
  };
}
