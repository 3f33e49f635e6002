import { unreachable } from "../../base/unreachable.ts";
import type { ObjectRef } from "../../finding/finding.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { CompiledStatus, Condition, ListenerStatus, ObjectStatus, ParentRef } from "../../status/condition.ts";
import { renderAge } from "./age.ts";
import type { Paint } from "./color.ts";
import { printable } from "./printable.ts";
import { renderTable } from "./table.ts";

export type StatusView = {
  readonly status: CompiledStatus;
  readonly resourceOf: (ref: ObjectRef) => Resource | undefined;
  readonly nowMs: number;
  readonly paint: Paint;
};

type Table = { readonly title: string; readonly headers: readonly string[]; readonly rows: string[][] };

/** Gateways, listeners, routes and policies with their conditions, as tables like those of `kubectl get`. */
export function renderStatus(view: StatusView): string {
  const tables: Record<string, Table> = {
    classes: { title: "Gateway classes", headers: ["NAME", "CONTROLLER", "ACCEPTED", "AGE"], rows: [] },
    gateways: {
      title: "Gateways",
      headers: ["NAMESPACE", "NAME", "CLASS", "ADDRESS", "ACCEPTED", "PROGRAMMED", "AGE"],
      rows: [],
    },
    listenerSets: {
      title: "Listener sets",
      headers: ["NAMESPACE", "NAME", "PARENT", "ACCEPTED", "PROGRAMMED", "AGE"],
      rows: [],
    },
    listeners: {
      title: "Listeners",
      headers: [
        "NAMESPACE",
        "OWNER",
        "LISTENER",
        "PROTOCOL",
        "PORT",
        "HOSTNAME",
        "ROUTES",
        "ACCEPTED",
        "RESOLVED",
        "CONFLICTED",
      ],
      rows: [],
    },
    routes: {
      title: "Routes",
      headers: ["NAMESPACE", "NAME", "KIND", "HOSTNAMES", "PARENT", "ACCEPTED", "RESOLVED", "AGE"],
      rows: [],
    },
    ingresses: {
      title: "Ingresses",
      headers: ["NAMESPACE", "NAME", "HOSTS", "SERVED BY", "ADDRESS", "AGE"],
      rows: [],
    },
    backends: {
      title: "Backends",
      headers: ["NAMESPACE", "NAME", "KIND", "ACCEPTED", "AGE"],
      rows: [],
    },
    policies: {
      title: "Policies",
      headers: ["NAMESPACE", "NAME", "KIND", "FOR", "ACCEPTED", "RESOLVED", "AGE"],
      rows: [],
    },
  };
  for (const object of view.status) addRows(tables, object, view);
  const shown = Object.values(tables).filter(({ rows }) => rows.length > 0);
  if (shown.length === 0) return "No Gateways, Ingresses, routes or policies.\n";
  return shown.map((table) => `${view.paint("strong", table.title)}\n${renderWithoutEmptyAge(table)}`).join("\n");
}

/** Objects in files have no age: the column is shown when at least one has. */
function renderWithoutEmptyAge({ headers, rows }: Table): string {
  const hasAge = headers.at(-1) !== "AGE" || rows.some((row) => row.at(-1));
  return hasAge
    ? renderTable(headers, rows)
    : renderTable(
        headers.slice(0, -1),
        rows.map((row) => row.slice(0, -1)),
      );
}

function addRows(tables: Record<string, Table>, object: ObjectStatus, view: StatusView): void {
  const { ref, body } = object;
  const namespace = printable(ref.namespace ?? "");
  const name = printable(ref.name);
  const resource = view.resourceOf(ref);
  const age = renderAge(resource?.metadata.creationTimestamp, view.nowMs);
  const show = (conditions: readonly Condition[], type: string) =>
    renderCondition(conditions, { type, paint: view.paint });
  switch (body.shape) {
    case "gatewayClass": {
      const controller = resource?.kind === "GatewayClass" ? resource.spec.controllerName : "";
      tables["classes"]?.rows.push([name, printable(controller), show(body.conditions, "Accepted"), age]);
      return;
    }
    case "gateway": {
      const gateway = resource?.kind === "Gateway" ? resource.spec : undefined;
      const addresses = body.addresses.map(({ value }) => value).join(",");
      const { conditions } = body;
      const states = [show(conditions, "Accepted"), show(conditions, "Programmed")];
      tables["gateways"]?.rows.push([
        namespace,
        name,
        printable(gateway?.gatewayClassName ?? ""),
        addresses,
        ...states,
        age,
      ]);
      addListeners(tables, {
        owner: name,
        namespace,
        listeners: body.listeners,
        specs: gateway?.listeners ?? [],
        view,
      });
      return;
    }
    case "listenerSet": {
      const set = resource?.kind === "ListenerSet" ? resource.spec : undefined;
      const parent = set ? printable(`${set.parentRef.namespace ?? ref.namespace}/${set.parentRef.name}`) : "";
      const states = [show(body.conditions, "Accepted"), show(body.conditions, "Programmed")];
      tables["listenerSets"]?.rows.push([namespace, name, parent, ...states, age]);
      addListeners(tables, { owner: name, namespace, listeners: body.listeners, specs: set?.listeners ?? [], view });
      return;
    }
    case "route": {
      const hostnames =
        resource && "spec" in resource && "hostnames" in resource.spec ? (resource.spec.hostnames ?? []) : [];
      const hosts = printable((hostnames as readonly string[]).join(",")) || "*";
      const row = (parent: string, ...states: readonly string[]) =>
        tables["routes"]?.rows.push([namespace, name, ref.kind, hosts, parent, ...states, age]);
      if (body.parents.length === 0) row("", "", "");
      for (const { parentRef, conditions } of body.parents) {
        row(renderParent(parentRef), show(conditions, "Accepted"), show(conditions, "ResolvedRefs"));
      }
      return;
    }
    case "policy":
      for (const { ancestorRef, conditions } of body.ancestors) {
        const states = [show(conditions, "Accepted"), show(conditions, "ResolvedRefs")];
        tables["policies"]?.rows.push([namespace, name, ref.kind, renderParent(ancestorRef), ...states, age]);
      }
      return;
    case "ingress": {
      const rules = resource?.kind === "Ingress" ? resource.spec.rules : [];
      const hosts = printable([...new Set(rules.map(({ host }) => host || "*"))].join(",")) || "*";
      tables["ingresses"]?.rows.push([namespace, name, hosts, body.servedBy, body.addresses.join(","), age]);
      return;
    }
    case "backend":
      tables["backends"]?.rows.push([namespace, name, ref.kind, show(body.conditions, "Accepted"), age]);
      return;
    default:
      unreachable(body);
  }
}

type ListenerSpec = {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly hostname?: string | undefined;
};
type ListenerRows = {
  readonly owner: string;
  readonly namespace: string;
  readonly listeners: readonly ListenerStatus[];
  readonly specs: readonly ListenerSpec[];
  readonly view: StatusView;
};

function addListeners(tables: Record<string, Table>, { owner, namespace, listeners, specs, view }: ListenerRows): void {
  for (const listener of listeners) {
    const spec = specs.find(({ name }) => name === listener.name);
    const states = ["Accepted", "ResolvedRefs", "Conflicted"].map((type) =>
      renderCondition(listener.conditions, { type, paint: view.paint }),
    );
    const place = [spec?.protocol ?? "", String(spec?.port ?? ""), spec?.hostname ?? "*"].map(printable);
    tables["listeners"]?.rows.push([
      namespace,
      owner,
      printable(listener.name),
      ...place,
      String(listener.attachedRoutes),
      ...states,
    ]);
  }
}

/** `True`, or what is wrong with the reason: `False (NoMatchingParent)`. `""` when the condition is not set. */
function renderCondition(
  conditions: readonly Condition[],
  how: { readonly type: string; readonly paint: Paint },
): string {
  const condition = conditions.find(({ type }) => type === how.type);
  if (!condition) return "";
  const isGood = condition.status === (how.type === "Conflicted" ? "False" : "True");
  if (isGood) return how.paint("good", condition.status);
  return how.paint(
    condition.status === "Unknown" ? "warning" : "error",
    `${condition.status} (${printable(condition.reason)})`,
  );
}

function renderParent(ref: ParentRef): string {
  const kind = ref.kind && ref.kind !== "Gateway" ? `${ref.kind} ` : "";
  const section = ref.sectionName ? `#${ref.sectionName}` : "";
  const port = ref.port ? `:${ref.port}` : "";
  return printable(`${kind}${ref.namespace ? `${ref.namespace}/` : ""}${ref.name}${section}${port}`);
}
