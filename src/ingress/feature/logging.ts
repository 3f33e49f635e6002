import { acceptedText, withoutSpaces } from "../accepted-text.ts";
import type { IngressFeature } from "../feature.ts";

export type LoggingSetting = {
  /** Whether requests have a line in the access log. */
  readonly accessLog: boolean;
  readonly tracing: {
    /** `undefined`: as the controller has it. */
    readonly enabled: boolean | undefined;
    /** Whether a span of the client's is continued; `undefined`: as the controller has it. */
    readonly trustsIncoming: boolean | undefined;
    /** Name of spans; `undefined`: as the controller has it. */
    readonly operationName: string | undefined;
  };
};

const operationName = withoutSpaces(/^[A-Za-z0-9_\-/$]*$/, "a name for spans");
const tracingLacks = "Spans are those of the Gateway's telemetry; they cannot be switched for one Ingress.";

export const logging: IngressFeature<LoggingSetting> = {
  annotations: [
    {
      name: "enable-access-log",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Whether requests have a line in the access log.",
      otherwise: "true",
      handling: { kind: "served" },
    },
    {
      name: "enable-rewrite-log",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Whether nginx logs what its rewrite directives do.",
      otherwise: "false",
      handling: { kind: "noEffect", because: "It writes to nginx's own log; `explain` shows what a rewrite does." },
    },
    {
      name: "enable-opentelemetry",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Whether requests have spans.",
      otherwise: "as the controller has it",
      handling: { kind: "refused", because: tracingLacks, closed: false },
    },
    {
      name: "opentelemetry-operation-name",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "Name of the spans.",
      otherwise: "as the controller has it",
      handling: { kind: "refused", because: tracingLacks, closed: false },
    },
    {
      name: "opentelemetry-trust-incoming-span",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Whether spans continue those of clients.",
      otherwise: "as the controller has it",
      handling: { kind: "refused", because: tracingLacks, closed: false },
    },
  ],
  read: (source) => {
    const written = ["enable-opentelemetry", "opentelemetry-operation-name", "opentelemetry-trust-incoming-span"].find(
      (name) => source.text(name) !== undefined,
    );
    if (written !== undefined) {
      source.report("ingress-tracing-not-served", written, {
        message: `${written} has no effect: spans are as the Gateway's telemetry says.`,
        fix: "Remove the annotation, or set up tracing for the whole gateway.",
      });
    }
    return {
      accessLog: source.flag("enable-access-log") !== false && source.controller.value("disable-access-log") !== "true",
      tracing: {
        enabled: source.flag("enable-opentelemetry"),
        trustsIncoming: source.flag("opentelemetry-trust-incoming-span"),
        operationName: acceptedText(source, "opentelemetry-operation-name", operationName),
      },
    };
  },
};
