import type { ListenerSettings } from "../../ir/listener-settings.ts";
import type { Resource } from "../../resource/kinds.ts";
import { keepsPaths } from "../listener/keep-paths.ts";
import type { ListenerDraft } from "../listener/listener.ts";

type Spec = Resource<"GatewayConfig">["spec"];

const forwardings = { Disabled: "off", Sanitize: "sanitize", Append: "append" } as const;

/** A listener's settings: what the Gateway's GatewayConfig and its owner's annotation say, over what holds for all listeners. */
export function listenerSettings({ settings, owner, spec }: ListenerDraft, config: Spec): ListenerSettings {
  const { trustedHops, trustedHeader, forwardClientCertificate } = config;
  return {
    ...settings,
    trust: {
      trustedHops: trustedHops ?? settings.trust.trustedHops,
      source: trustedHeader === undefined ? settings.trust.source : sourceOf(trustedHeader),
    },
    forwardClientCertificate:
      forwardClientCertificate === undefined
        ? settings.forwardClientCertificate
        : forwardings[forwardClientCertificate],
    paths: keepsPaths(owner, spec) ? "asSent" : settings.paths,
  };
}

function sourceOf(header: NonNullable<Spec["trustedHeader"]>): ListenerSettings["trust"]["source"] {
  return header === "Forwarded" ? "forwarded" : "x-forwarded-for";
}
