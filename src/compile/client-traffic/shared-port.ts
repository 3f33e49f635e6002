import { sameJson } from "../../base/same-json.ts";
import type { FindingName } from "../../finding/catalogue.ts";
import { type ListenerSettings, sharedBy } from "../../ir/listener-settings.ts";
import type { ListenerDraft } from "../listener/listener.ts";
import { listenerName } from "../listener/listener.ts";
import type { FindingText } from "../report/report.ts";

/** A listener with its settings, and who is told of them: nobody where no policy has a part in them. */
export type SharingListener = {
  readonly draft: ListenerDraft;
  readonly report: ((name: FindingName, text: FindingText) => void) | undefined;
};

const portSettings = (Object.keys(sharedBy) as (keyof ListenerSettings)[]).filter((name) => sharedBy[name] === "port");

/**
 * Listeners of one port share their connections, so what counts before a connection's listener is known is that of the first
 * in order of precedence. A policy that wants something else for another one is told so, and so is one that the others on the
 * port have no part in.
 */
export function sharePorts(listeners: readonly SharingListener[]): readonly ListenerDraft[] {
  const firsts = new Map<string, SharingListener>();
  return listeners.map((listener) => {
    const { draft, report } = listener;
    const port = `${draft.spec.port}/${draft.protocol === "UDP" ? "UDP" : "TCP"}`;
    const first = firsts.get(port);
    if (first === undefined) {
      firsts.set(port, listener);
      return draft;
    }
    const differing = portSettings.filter((name) => !sameJson(draft.settings[name], first.draft.settings[name]));
    if (differing.length === 0) return draft;
    if (report !== undefined) {
      report("client-setting-conflicts", {
        message: `${capitalise(listenerName(draft))} shares port ${draft.spec.port} with ${listenerName(first.draft)}, whose ${differing.join(", ")} counts for both.`,
        fix: "Give both listeners the same settings, for example by a policy for the Gateway, or different ports.",
      });
    } else {
      first.report?.("client-setting-spreads", {
        message: `${capitalise(listenerName(draft))} shares port ${draft.spec.port} with ${listenerName(first.draft)}, so ${differing.join(", ")} counts for it, too.`,
        fix: "Target the Gateway if that is meant, or give the listeners different ports.",
      });
    }
    const shared = Object.fromEntries(differing.map((name) => [name, first.draft.settings[name]]));
    return { ...draft, settings: { ...draft.settings, ...shared } };
  });
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
