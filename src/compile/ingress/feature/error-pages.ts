import type { LocationSettings } from "../../../ingress/features.ts";
import type { ServiceBackend } from "../../../ingress/ingress-model.ts";
import type { ClusterKey } from "../../../ir/cluster.ts";
import { type Filter, type HeaderValue, noHeaderChanges, type OverrideAction } from "../../../ir/filter.ts";
import type { SourceRef } from "../../../ir/source-ref.ts";
import { nothingServed, type ServeFeature, type ServeScope } from "../serve-feature.ts";

type Setting = LocationSettings["errorPages"];

/** How long a default backend may take for a page, and the largest page that it may answer with. */
const pageTimeoutMs = 60_000;
const maxPageBytes = 2 ** 20;

export const serveErrorPages: ServeFeature<Setting> = (setting, scope) => {
  const from = scope.at(setting.own ? "custom-http-errors" : "default-backend");
  const own = ownBackend(setting, scope);
  const told = toldOf(scope);
  const filters: readonly Filter[] =
    setting.statuses.length === 0
      ? []
      : [
          {
            kind: "responseOverride",
            rows: [
              {
                statuses: setting.statuses.map((status) => ({ from: status, to: status })),
                headers: [],
                source: setting.ofBackends ? "all" : "local",
                action: pageOf(setting, own ?? controllerBackend(scope), told),
              },
            ],
          },
        ];
  return {
    ...nothingServed,
    // First of all: its request is the client's, and what other filters have done to an answer stays.
    filters: filters.map((filter) => ({ stage: "outermost", from, filter })),
    rule:
      own === undefined || scope.location.target.kind !== "backend" ? {} : { fallback: [fallbackOf(own, from, told)] },
  };
};

/** What the controller's own default backend answers: 404, and 500 where that would be replaced by itself. */
function pageOf({ own }: Setting, cluster: ClusterKey | undefined, tells: readonly HeaderValue[]): OverrideAction {
  if (cluster === undefined) {
    const headers = [{ name: "content-type", value: ["text/plain"] }];
    const body = own ? "There is nothing here.\n" : "There is no page for this error.\n";
    return { kind: "answer", status: own ? 404 : 500, content: { headers, body }, remove: [] };
  }
  return {
    kind: "errorPage",
    cluster,
    path: "/",
    manner: "request",
    tells,
    timeoutMs: pageTimeoutMs,
    maxBytes: maxPageBytes,
  };
}

function ownBackend({ backend }: Setting, scope: ServeScope): ClusterKey | undefined {
  const { owner } = scope.location;
  if (backend === undefined || owner === undefined) return undefined;
  const { namespace } = owner.resource.metadata;
  const from = scope.at("default-backend");
  return scope.serviceCluster({ namespace, service: backend.service, port: { number: backend.port }, from }, {});
}

function controllerBackend(scope: ServeScope): ClusterKey | undefined {
  const [namespace = "", service = ""] = (scope.controller.value("default-backend-service") ?? "").split("/");
  const port =
    service === "" ? undefined : scope.context.snapshot.get("Service", namespace, service)?.spec.ports?.[0]?.port;
  if (port === undefined) return undefined;
  return scope.serviceCluster({ namespace, service, port: { number: port }, from: scope.at("custom-http-errors") }, {});
}

/** What a default backend is told of the path that it answers for. */
function toldOf({ location: { owner, target } }: ServeScope): readonly HeaderValue[] {
  if (owner === undefined) return [];
  const { namespace, name } = owner.resource.metadata;
  return [
    { name: "x-namespace", value: namespace },
    { name: "x-ingress-name", value: name },
    ...(target.kind === "backend" ? backendNames(target.backend) : []),
  ];
}

function backendNames({ service, port }: ServiceBackend): readonly HeaderValue[] {
  return [
    { name: "x-service-name", value: service },
    { name: "x-service-port", value: "number" in port ? String(port.number) : port.name },
  ];
}

function fallbackOf(cluster: ClusterKey, from: SourceRef, told: readonly HeaderValue[]) {
  const set = [{ name: "x-code", value: "503" }, ...told].map(({ name, value }) => ({ name, value: [value] }));
  const accept = { from: "request", name: "accept", otherwise: undefined, maxLength: 4096 } as const;
  const request = { ...noHeaderChanges, set: [...set, { name: "x-format", value: [accept] }] };
  return {
    from,
    weight: 1,
    filters: [{ from, filter: { kind: "headerMutation", request, response: noHeaderChanges } }],
    target: { kind: "cluster", cluster },
  } as const;
}
