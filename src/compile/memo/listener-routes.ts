import { hashJson } from "../../base/hash.ts";
import { sameJson } from "../../base/same-json.ts";
import type { Finding } from "../../finding/finding.ts";
import type { PolicyInForce } from "../../ir/policy.ts";
import type { Listener, VirtualHost } from "../../ir/routing-model.ts";
import { type PlacedRoute, planStreams, type StreamPlan } from "../attach/stream-plan.ts";
import { compareHostnames } from "../hostname-patterns.ts";
import { type ListenerDraft, listenerName } from "../listener/listener.ts";
import { SortedList } from "../order/sorted-list.ts";
import { refOf, report, sourceOf } from "../report/report.ts";
import { HostEntries } from "./host-entries.ts";

/** A virtual host before and after a change of its routes; the same object when these say the same as before. */
export type HostChange = { readonly before: VirtualHost | undefined; readonly after: VirtualHost | undefined };

/** A listener as the routing model has it, and what is to be said of its routes; `undefined`: it cannot be shown. */
export type BuiltListener = { readonly listener: Listener | undefined; readonly findings: readonly Finding[] };

const none: BuiltListener = { listener: undefined, findings: [] };

/** The accepted routes of one listener, and what they make of it. */
export class ListenerRoutes {
  readonly #placed = new Set<PlacedRoute>();
  readonly #hosts = new Map<string, HostEntries>();
  readonly #touched = new Set<string>();
  /** Longest hostname first. */
  readonly #virtualHosts = new SortedList<VirtualHost>((a, b) => compareHostnames(a.hostname, b.hostname));
  /** What the listener was built from; `undefined` after its routes have changed. */
  #draft: ListenerDraft | undefined;
  #policies: readonly PolicyInForce[] = [];
  #built: BuiltListener | undefined;

  /** Accepted routes. */
  get count(): number {
    return this.#placed.size;
  }

  add(placed: PlacedRoute): void {
    this.#placed.add(placed);
    this.#note(placed, "add");
  }

  remove(placed: PlacedRoute): void {
    this.#placed.delete(placed);
    this.#note(placed, "remove");
  }

  /** Takes in what has been added and removed. Returns the virtual hosts of which a route is another. */
  flush(): readonly HostChange[] {
    const changes: HostChange[] = [];
    for (const hostname of this.#touched) {
      const entries = this.#hosts.get(hostname);
      const before = entries?.host;
      if (!entries?.flush()) continue;
      const after = entries.host;
      if (after === undefined) this.#hosts.delete(hostname);
      changes.push({ before, after });
    }
    this.#touched.clear();
    this.#virtualHosts.patch(
      changes.flatMap(({ before }) => before ?? []),
      changes.flatMap(({ after }) => after ?? []),
    );
    return changes;
  }

  /** The listener for the routing model; the same object for as long as nothing of it changes. After a flush. */
  build(draft: ListenerDraft, policies: readonly PolicyInForce[]): BuiltListener {
    if (this.#built !== undefined && this.#draft === draft && this.#policies === policies) return this.#built;
    const built = this.#build(draft, policies);
    const before = this.#built?.listener;
    const kept = before !== undefined && sameJson(before, built.listener) ? { ...built, listener: before } : built;
    this.#draft = draft;
    this.#policies = policies;
    this.#built = kept;
    return kept;
  }

  #note({ compiled, hostnames }: PlacedRoute, change: "add" | "remove"): void {
    this.#draft = undefined;
    if (compiled.entries.length === 0) return;
    for (const { hostname, asked } of hostnames) {
      let entries = this.#hosts.get(hostname);
      if (entries === undefined) {
        entries = new HostEntries(hostname);
        this.#hosts.set(hostname, entries);
      }
      entries[change]({ asked, compiled });
      this.#touched.add(hostname);
    }
  }

  #build(draft: ListenerDraft, policies: readonly PolicyInForce[]): BuiltListener {
    const { key, spec, hostname, tls, filters, protocol, settings } = draft;
    const attached = policies.length === 0 ? {} : { policies };
    const common = {
      key,
      name: spec.name,
      from: sourceOf(draft.owner, draft.pointer),
      port: spec.port,
      hostname,
      settings,
      hash: hashJson({ key, port: spec.port, hostname, protocol: protocol ?? "", tls, filters, settings }),
      ...attached,
    };
    const virtualHosts = this.#virtualHosts.items;
    switch (protocol) {
      case "HTTP":
        return { listener: { ...common, protocol, filters, virtualHosts }, findings: [] };
      case "HTTPS": {
        if (tls?.mode !== "terminate") return none;
        return { listener: { ...common, protocol, tls, filters, virtualHosts }, findings: [] };
      }
      case "TLS": {
        if (!tls) return none;
        const plan = planStreams([...this.#placed]);
        return {
          listener: { ...common, protocol, tls, routes: plan.entries },
          findings: supersededFindings(draft, plan),
        };
      }
      case "TCP":
      case "UDP": {
        const plan = planStreams([...this.#placed]);
        return {
          listener: { ...common, protocol, rule: plan.entries[0]?.rule },
          findings: supersededFindings(draft, plan),
        };
      }
      case undefined:
        return none;
    }
  }
}

function supersededFindings(draft: ListenerDraft, plan: StreamPlan): Finding[] {
  return plan.superseded.map(({ route, by, hostname }) => {
    const everything = draft.protocol === "TLS" ? `server name ${hostname}` : "every connection";
    return report(
      "stream-route-superseded",
      { resource: route, pointer: "/spec" },
      {
        message: `On ${listenerName(draft)}, ${by.kind} ${by.metadata.namespace}/${by.metadata.name} receives ${everything}, so this route receives none.`,
        fix: "Attach the route to a listener of its own, or remove one of the two.",
        related: [refOf(by)],
      },
    );
  });
}
