import { acceptedText, type TextRule, withoutSpaces } from "../accepted-text.ts";
import type { AnnotationSource, IngressFeature } from "../feature.ts";

export type ErrorPagesSetting = {
  /** Statuses in whose place the default backend answers; those of the controller where the Ingress names none. */
  readonly statuses: readonly number[];
  /** Whether answers of backends with such a status are replaced, beside those that nginx gives itself. */
  readonly ofBackends: boolean;
  /** Whether the Ingress itself names the statuses: its own pages take the place of the controller's. */
  readonly own: boolean;
  /** Service in the namespace of the Ingress that answers for errors, and for a backend without endpoints. `undefined`: the controller's. */
  readonly backend: { readonly service: string; readonly port: number } | undefined;
};

const statusList = withoutSpaces(/^(?:[45]\d{2},?)*$/, "a list of statuses from 400 to 599, such as 404,503");
const serviceName: TextRule = {
  accepts: (text) => text.length <= 63 && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(text),
  wants: "the name of a Service",
};

export const errorPages: IngressFeature<ErrorPagesSetting> = {
  annotations: [
    {
      name: "custom-http-errors",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Statuses in whose place the default backend answers.",
      otherwise: "",
      handling: { kind: "served" },
    },
    {
      name: "default-backend",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Service that answers when the backend has no endpoints, and for custom-http-errors.",
      otherwise: "",
      handling: { kind: "served" },
    },
    {
      name: "disable-proxy-intercept-errors",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Whether custom-http-errors leaves answers of backends alone.",
      otherwise: "false",
      handling: { kind: "served" },
    },
  ],
  read: (source) => {
    const { controller } = source;
    const ownStatuses = statusesOf(source);
    const controllerStatuses = statusesIn(controller.value("custom-http-errors") ?? "") ?? [];
    const controllerIntercepts =
      controllerStatuses.length > 0 && controller.value("disable-proxy-intercept-errors") !== "true";
    const intercepts = source.flag("disable-proxy-intercept-errors") !== true;
    return {
      statuses: ownStatuses ?? controllerStatuses,
      ofBackends: controllerIntercepts || (ownStatuses !== undefined && intercepts),
      own: ownStatuses !== undefined,
      backend: backendOf(source),
    };
  },
};

/** `undefined` for a list that ends in a comma or has spaces in it, which nobody can read as numbers. */
function statusesIn(list: string): readonly number[] | undefined {
  const statuses = list.split(",").map((text) => (/^\d{3}$/.test(text) ? Number(text) : Number.NaN));
  return statuses.some(Number.isNaN) ? undefined : statuses;
}

function statusesOf(source: AnnotationSource): readonly number[] | undefined {
  const text = acceptedText(source, "custom-http-errors", statusList);
  if (text === undefined) return undefined;
  const statuses = statusesIn(text);
  if (statuses === undefined) {
    source.report("ingress-annotation-invalid", "custom-http-errors", {
      message: `custom-http-errors is ${JSON.stringify(text)}, which ingress-nginx cannot read: it is ignored.`,
      fix: "Write statuses with commas between them and without spaces, such as 404,503.",
    });
  }
  return statuses;
}

function backendOf(source: AnnotationSource): ErrorPagesSetting["backend"] {
  const service = acceptedText(source, "default-backend", serviceName);
  if (service === undefined) return undefined;
  const { namespace } = source.ingress.metadata;
  const port = source.snapshot.get("Service", namespace, service)?.spec.ports?.[0]?.port;
  if (port === undefined) {
    source.report("ingress-default-backend-missing", "default-backend", {
      message: `default-backend names Service ${namespace}/${service}, which does not exist or has no port: it is ignored, as ingress-nginx does.`,
      fix: "Create the Service, or correct the name.",
    });
    return undefined;
  }
  return { service, port };
}
