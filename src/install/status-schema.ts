import type { JsonObject } from "../resource/json.ts";
import type { StatusShape } from "../resource/kinds.ts";

const text = (maxLength: number): JsonObject => ({ type: "string", minLength: 1, maxLength });

/** Spec: metav1.Condition. */
const conditions: JsonObject = {
  type: "array",
  maxItems: 8,
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["type"],
  items: {
    type: "object",
    required: ["type", "status", "reason", "message", "lastTransitionTime"],
    properties: {
      type: text(316),
      status: { type: "string", enum: ["True", "False", "Unknown"] },
      observedGeneration: { type: "integer", format: "int64", minimum: 0 },
      lastTransitionTime: { type: "string", format: "date-time" },
      reason: text(1024),
      message: { type: "string", maxLength: 32768 },
    },
  },
};

/** Spec: Gateway API PolicyStatus (GEP-713): what each controller says for each Gateway that the policy has a part in. */
const policy: JsonObject = {
  type: "object",
  required: ["ancestors"],
  properties: {
    ancestors: {
      type: "array",
      maxItems: 16,
      "x-kubernetes-list-type": "atomic",
      items: {
        type: "object",
        required: ["ancestorRef", "controllerName", "conditions"],
        properties: {
          ancestorRef: {
            type: "object",
            required: ["name"],
            properties: {
              group: { type: "string", maxLength: 253, default: "gateway.networking.k8s.io" },
              kind: { ...text(63), default: "Gateway" },
              namespace: text(63),
              name: text(253),
              sectionName: text(253),
              port: { type: "integer", format: "int32", minimum: 1, maximum: 65535 },
            },
          },
          controllerName: text(253),
          conditions,
        },
      },
    },
  },
};

/** Statuses of the shapes that belong to kinds of Gateway API itself: kept as they are written. */
const open: JsonObject = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

/** How the API server checks the status of a kind of ours, by its shape. */
export const statusSchemas: Readonly<Record<StatusShape, JsonObject>> = {
  gatewayClass: open,
  gateway: open,
  listenerSet: open,
  route: open,
  policy,
  backend: { type: "object", properties: { conditions } },
  ingress: open,
};
