import { z } from "zod";
import { listOf } from "./list.ts";
import { repeated, rule } from "./rule.ts";
import { group, kindName, namespaceName, objectName, portNumber, sectionName } from "./text.ts";

export const gatewayGroup = "gateway.networking.k8s.io";
export const experimentalGroup = "gateway.networking.x-k8s.io";

const groupWords = "API group of the object.";
const kindWords = "Kind of the object.";
const nameWords = "Name of the object.";
const namespaceWords = "Namespace of the object, if it is another; it needs a ReferenceGrant there.";

/** An object in the same namespace. Spec: LocalObjectReference. */
export const localObjectReference = z.object({
  group: group.describe(groupWords),
  kind: kindName.describe(kindWords),
  name: objectName.describe(nameWords),
});

/** An object of a named kind, perhaps elsewhere. Spec: ObjectReference. */
export const objectReference = z.object({
  group,
  kind: kindName,
  name: objectName,
  namespace: z.exactOptional(namespaceName),
});

/** A Secret unless another kind is written. Spec: SecretObjectReference. */
export const secretObjectReference = z.object({
  group: group.default("").describe(groupWords),
  kind: kindName.default("Secret").describe(kindWords),
  name: objectName.describe(nameWords),
  namespace: z.exactOptional(namespaceName).describe(namespaceWords),
});

/** Spec: ParametersReference. */
export const parametersReference = objectReference;

const backendObject = {
  group: group.default("").describe(groupWords),
  kind: kindName.default("Service").describe(kindWords),
  name: objectName.describe(nameWords),
  namespace: z.exactOptional(namespaceName).describe(namespaceWords),
  port: z.exactOptional(portNumber).describe("Port of the Service."),
};

type BackendObject = { readonly group: string; readonly kind: string; readonly name: string; readonly port?: number };

/** A Service needs a port; an XBackend carries its own. */
export const portRule = rule((reference: BackendObject, report) => {
  if (reference.group === "" && reference.kind === "Service" && reference.port === undefined) {
    report(
      ["port"],
      "is missing, but required for a Service",
      `Add port with the number of the port of Service ${reference.name}.`,
    );
  }
  if (reference.group === experimentalGroup && reference.kind === "XBackend" && reference.port !== undefined) {
    report(["port"], "is set, but an XBackend has its own port", "Remove port.");
  }
});

/** A Service (or XBackend) and its port. Spec: BackendObjectReference. */
export const backendObjectReference = z.object(backendObject).check(portRule);

/** The fields of a BackendRef, for the routes that add to it. Spec: BackendRef. */
export const backendRefFields = {
  ...backendObject,
  weight: z.int32().min(0).max(1_000_000).default(1).describe("Its share of the requests."),
};

/** A backend and its share of the requests. Spec: BackendRef. */
export const backendRef = z.object(backendRefFields).check(portRule);

const parentReference = z.object({
  group: group.default(gatewayGroup),
  kind: kindName.default("Gateway"),
  namespace: z.exactOptional(namespaceName),
  name: objectName,
  sectionName: z.exactOptional(sectionName),
  port: z.exactOptional(portNumber),
});

/** The Gateways (or ListenerSets) that a route wants to attach to. Spec: CommonRouteSpec.parentRefs. */
export const parentRefs = listOf(parentReference, { max: 32 }).check(
  rule((refs, report) => {
    const parentOf = (ref: z.output<typeof parentReference>) =>
      JSON.stringify([ref.group, ref.kind, ref.namespace ?? "", ref.name]);
    for (const { index, first } of repeated(refs, (ref) =>
      JSON.stringify([parentOf(ref), ref.sectionName ?? "", ref.port ?? 0]),
    )) {
      report(
        [index],
        `names the same parent, section and port as the one at index ${first}`,
        "Remove one of the two, or give it another sectionName or port.",
      );
    }
    for (const { index, first } of repeated(refs, parentOf)) {
      const one = refs[first];
      const two = refs[index];
      if (one === undefined || two === undefined) continue;
      const alike =
        (one.sectionName === undefined) === (two.sectionName === undefined) &&
        (one.port === undefined) === (two.port === undefined);
      const same = one.sectionName === two.sectionName && one.port === two.port;
      if (!alike && !same) {
        report(
          [index],
          `names the same parent as the one at index ${first}, but only one of them has a sectionName or port`,
          "Set sectionName, port or both in the same way on both.",
        );
      }
    }
  }),
);

/** The fields that every route has. Spec: CommonRouteSpec. */
export const commonRouteFields = {
  parentRefs: z.exactOptional(parentRefs),
  useDefaultGateways: z.exactOptional(z.enum(["All", "None"])),
};

/** What a policy applies to. Spec: LocalPolicyTargetReference. */
export const localPolicyTargetReference = localObjectReference;

/** A policy's target and perhaps a part of it, such as a Service port. Spec: LocalPolicyTargetReferenceWithSectionName. */
export const localPolicyTargetReferenceWithSectionName = z.object({
  group: group.describe(groupWords),
  kind: kindName.describe(kindWords),
  name: objectName.describe(nameWords),
  sectionName: z.exactOptional(sectionName).describe("A part of the object, such as a listener, a rule or a port."),
});
