import { z } from "zod";
import type { DeepReadonly } from "../../deep-readonly.ts";
import { withRules } from "../agreed-rules.ts";
import { listOf } from "../list.ts";
import { optional } from "../optional.ts";
import { duration, text } from "../text.ts";
import { backendCluster } from "./backend-cluster.ts";
import { mergeType, policyTargets, targetRules } from "./policy-targets.ts";

const direction = z.object({
  body: optional(
    z.enum(["Streamed", "Buffered", "BufferedPartial", "FullDuplexStreamed"]),
    "How the content is sent. Default: it is not.",
  ),
  attributes: optional(
    listOf(
      text({
        min: 1,
        max: 128,
        pattern: /^(connection\.|source\.|destination\.|request\.|response\.|upstream\.|xds\.route_)[a-z_1-9]*$/,
        words: "an attribute such as `request.path`",
      }),
      { max: 32 },
    ),
    "What else the service is told.",
  ),
});

const namespaces = listOf(text({ min: 1, max: 253 }), { max: 8 });

const fullDuplex = (value: unknown): boolean =>
  (value as { readonly body?: string } | undefined)?.body === "FullDuplexStreamed";

const extProc = withRules(
  z.object({
    ...backendCluster,
    messageTimeout: optional(duration, "Time that an answer of the service may take. Default: 200ms."),
    failOpen: optional(z.boolean(), "Goes on without the service while it does not answer."),
    statusOnError: optional(z.int32().min(400).max(599), "Status while the service does not answer. Default: 500."),
    shadowMode: optional(z.boolean(), "Tells the service, but does not wait for what it answers."),
    processingMode: optional(
      z.object({
        request: optional(direction, "Sends requests to the service."),
        response: optional(direction, "Sends answers to the service."),
        allowModeOverride: optional(z.boolean(), "Lets the service change this."),
      }),
      "What the service is sent. Default: nothing.",
    ),
    metadata: optional(
      z.object({
        accessibleNamespaces: optional(namespaces, "Metadata that the service is told."),
        writableNamespaces: optional(namespaces, "Metadata that the service may set."),
      }),
      "Metadata of the request.",
    ),
  }),
  {
    judge: ({ failOpen, processingMode }, report) => {
      const { request, response } = (processingMode ?? {}) as Readonly<Record<string, unknown>>;
      if (failOpen === true && (fullDuplex(request) || fullDuplex(response)))
        report(["failOpen"], "is true, but a body is FullDuplexStreamed", "Remove it, or write another body.");
    },
    cel: {
      rule: "!has(self.failOpen) || !self.failOpen || !has(self.processingMode) || !((has(self.processingMode.request) && has(self.processingMode.request.body) && self.processingMode.request.body == 'FullDuplexStreamed') || (has(self.processingMode.response) && has(self.processingMode.response.body) && self.processingMode.response.body == 'FullDuplexStreamed'))",
      message: "failOpen does not go with body FullDuplexStreamed",
    },
  },
);

/** Code and modules that run inside Envoy. They are read to say that they are not served, whatever they hold. */
const foreignCode = listOf(z.record(z.string(), z.unknown()), { max: 16 });

/** Services that look into requests and answers. Spec: EnvoyExtensionPolicySpec of Envoy Gateway. */
export const extensionPolicySpec = withRules(
  z.object({
    ...policyTargets,
    mergeType,
    extProc: optional(listOf(extProc, { max: 16 }), "Services that are asked, one after the other."),
    lua: optional(foreignCode, "Lua code of Envoy's. Not served."),
    wasm: optional(foreignCode, "WebAssembly modules of Envoy's. Not served."),
    dynamicModule: optional(foreignCode, "Modules of Envoy's. Not served."),
  }),
  ...targetRules,
);

export type ExtensionPolicySpec = DeepReadonly<z.output<typeof extensionPolicySpec>>;
