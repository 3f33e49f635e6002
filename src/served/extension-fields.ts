import type { ExtensionPolicySpec } from "../resource/schema/policy/extension-policy.ts";
import { clusterFieldsBelow } from "./cluster-fields.ts";
import { type CompleteTable, neverUnsafe, notYetUnsafe, served } from "./field-service.ts";
import { targetFields } from "./target-fields.ts";

export const extensionFields = {
  ...targetFields,
  mergeType: ["attachment", served],
  dynamicModule: ["code", neverUnsafe("A module of Envoy's runs in Envoy alone; extProc asks a service instead.")],
  extProc: ["external processing", served],
  "extProc[].shadowMode": ["external processing", notYetUnsafe],
  "extProc[].processingMode.allowModeOverride": ["external processing", notYetUnsafe],
  ...clusterFieldsBelow("extProc[].backendSettings."),
  "extProc[].metadata": ["external processing", neverUnsafe("There is no dynamic metadata but in Envoy.")],
  lua: ["code", neverUnsafe("Code for Envoy's Lua filter runs in Envoy alone; extProc asks a service instead.")],
  wasm: ["code", neverUnsafe("A module for Envoy's Wasm filter runs in Envoy alone; extProc asks a service instead.")],
} satisfies CompleteTable<ExtensionPolicySpec>;
