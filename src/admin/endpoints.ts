import type { Configuration, ControlState } from "../control/control-state.ts";
import { type ExplainOptions, explain } from "../ir/explain.ts";
import type { RoutingModel } from "../ir/routing-model.ts";
import type { UpstreamReport } from "../ir/upstream-report.ts";
import { renderStatus } from "../status/render-status.ts";
import type {
  ConfigAnswer,
  ExplainAnswer,
  FindingsAnswer,
  Generation,
  RouteRow,
  RoutesAnswer,
  StatusAnswer,
  StatusObject,
  UpstreamsAnswer,
} from "./api.ts";
import { explainParameters, type PathForms, readExplainRequest } from "./explain-request.ts";
import { AdminError, Parameters } from "./parameters.ts";
import { redact } from "./redact.ts";

/** What the endpoints read. */
export type AdminSource = {
  /** The control loop's state now. */
  readonly state: () => ControlState;
  /** For `/explain`. */
  readonly normalizePath: (path: string) => PathForms;
  /** How backends with a policy are doing now. */
  readonly upstreams: () => readonly UpstreamReport[];
  /** How ports look from outside, for `/explain`. */
  readonly explainOptions?: ExplainOptions;
  /** Whose entries `/status` shows. */
  readonly controllerName: string;
  /** The effective routing table. */
  readonly routeRows: (model: RoutingModel) => readonly RouteRow[];
};

type JsonEndpoint = {
  readonly does: string;
  readonly parameters: readonly string[];
  readonly answer: (configuration: Configuration, parameters: Parameters, source: AdminSource) => Generation;
};

/** Endpoints that answer with a part of the configuration in force. */
export const jsonEndpoints = {
  "/status": {
    does: "objects with their status",
    parameters: ["kind", "namespace", "name"],
    answer: answerStatus,
  },
  "/findings": {
    does: "what is wrong, and how to fix it",
    parameters: ["severity", "kind", "namespace"],
    answer: answerFindings,
  },
  "/routes": {
    does: "the effective routing table, in order of precedence",
    parameters: ["namespace"],
    answer: answerRoutes,
  },
  "/upstreams": {
    does: "how backends under a BackendTrafficPolicy are doing: endpoints left out and why, limits that are reached",
    parameters: ["namespace"],
    answer: answerUpstreams,
  },
  "/explain": {
    does: "which route serves a request, and why",
    parameters: explainParameters,
    answer: answerExplain,
  },
  "/config": {
    does: "the compiled routing model and endpoints, without secrets",
    parameters: [],
    answer: answerConfig,
  },
} as const satisfies Readonly<Record<string, JsonEndpoint>>;

/** Throws {@link AdminError} for an unknown path or parameter, and before the first configuration is in force. */
export function answerJson(path: string, query: URLSearchParams, source: AdminSource): Generation {
  const endpoint: JsonEndpoint | undefined = Object.hasOwn(jsonEndpoints, path)
    ? jsonEndpoints[path as keyof typeof jsonEndpoints]
    : undefined;
  if (!endpoint) throw new AdminError(404, "There is nothing at this path.", "GET / lists all paths.");
  const parameters = new Parameters(query, endpoint.parameters);
  const { configuration } = source.state();
  if (!configuration) throw new AdminError(503, "No configuration is applied yet.", "Wait until /readyz returns 200.");
  return endpoint.answer(configuration, parameters, source);
}

function answerStatus(configuration: Configuration, parameters: Parameters, source: AdminSource): StatusAnswer {
  const [kind, namespace, name] = [parameters.text("kind"), parameters.text("namespace"), parameters.text("name")];
  const objects = configuration.status
    .filter(({ ref }) => kind === undefined || ref.kind.toLowerCase() === kind.toLowerCase())
    .filter(({ ref }) => namespace === undefined || ref.namespace === namespace)
    .filter(({ ref }) => name === undefined || ref.name === name)
    .map((object): StatusObject => {
      const status = renderStatus(object, { previous: undefined, controllerName: source.controllerName });
      return { ...object.ref, observedGeneration: object.generation, status };
    });
  return { generation: configuration.generation, objects };
}

function answerFindings(configuration: Configuration, parameters: Parameters): FindingsAnswer {
  const severity = parameters.choice("severity", ["error", "warning", "info"]);
  const [kind, namespace] = [parameters.text("kind"), parameters.text("namespace")];
  const findings = configuration.findings
    .filter((finding) => severity === undefined || finding.severity === severity)
    .filter(({ object }) => kind === undefined || object.kind.toLowerCase() === kind.toLowerCase())
    .filter(({ object }) => namespace === undefined || object.namespace === namespace);
  return { generation: configuration.generation, findings };
}

function answerRoutes(configuration: Configuration, parameters: Parameters, source: AdminSource): RoutesAnswer {
  const namespace = parameters.text("namespace");
  const { routing } = configuration.result;
  const routes = source.routeRows(routing).filter((row) => namespace === undefined || row.namespace === namespace);
  return { generation: configuration.generation, routes: redact(routes, routing) };
}

function answerUpstreams({ generation }: Configuration, parameters: Parameters, source: AdminSource): UpstreamsAnswer {
  const namespace = parameters.text("namespace");
  const upstreams = source.upstreams().filter((one) => namespace === undefined || one.namespace === namespace);
  return { generation, upstreams };
}

function answerExplain(configuration: Configuration, parameters: Parameters, source: AdminSource): ExplainAnswer {
  const { routing } = configuration.result;
  const request = readExplainRequest(parameters, { model: routing, normalizePath: source.normalizePath });
  const options = { endpoints: configuration.result.endpoints, ...source.explainOptions };
  const explanation = explain(routing, request, options);
  return { generation: configuration.generation, explanation: redact(explanation, routing) };
}

function answerConfig({ generation, result, report }: Configuration): ConfigAnswer {
  return {
    generation,
    routing: redact(result.routing, result.routing),
    endpoints: result.endpoints,
    secrets: result.secrets.keys(),
    listeners: report.listeners,
  };
}
