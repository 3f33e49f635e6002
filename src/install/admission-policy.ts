/**
 * What the API server holds the controller's account to, beyond its roles: Kubernetes cannot limit a role to objects with a label
 * or Secrets of a type, and a ValidatingAdmissionPolicy can. Spec: admissionregistration.k8s.io/v1, served by every release
 * that Sluice installs into.
 */
import { authoritySecret, controllerName, objectMeta } from "./names.ts";
import { isOn, isValue, type Node, not, option, text, when } from "./template.ts";

const group = "admissionregistration.k8s.io";

/** Of the Secrets with the certificates of data planes; see `src/provision`. */
const identitySecretType = "gateway.sluice.dev/identity";

type Guard = {
  /** Of the policy, between the controller's name and its namespace. */
  readonly name: string;
  readonly resources: readonly { readonly group: string; readonly plurals: readonly string[] }[];
  readonly operations: readonly string[];
  readonly validations: readonly { readonly expression: string; readonly message: string }[];
};

const label = "app.kubernetes.io/managed-by";
/** CEL: `object` carries the label of Sluice's own. */
const isLabelled = (object: string) => `${object}.metadata.?labels[?'${label}'].orValue('') == 'sluice'`;
/** CEL: also when somebody took the label off, which the controller repairs. */
const isOwned = (object: string) =>
  `${object}.metadata.?ownerReferences.orValue([]).exists(owner, owner.kind == 'Gateway' && owner.apiVersion.startsWith('gateway.networking.k8s.io/'))`;
const pod = "object.spec.template.spec";

/** Everything that is held to, in one table. */
const guards: readonly Guard[] = [
  {
    name: "secrets",
    resources: [{ group: "", plurals: ["secrets"] }],
    operations: ["CREATE", "UPDATE", "DELETE"],
    validations: [
      {
        expression: `[object, oldObject].all(one, one == null || one.type in ['${identitySecretType}', '${authoritySecret.type}'])`,
        message: "Sluice may write and delete only Secrets with certificates of its configuration stream.",
      },
    ],
  },
  {
    name: "objects",
    resources: [
      { group: "", plurals: ["services", "serviceaccounts"] },
      { group: "apps", plurals: ["deployments"] },
      { group: "policy", plurals: ["poddisruptionbudgets"] },
      { group: "autoscaling", plurals: ["horizontalpodautoscalers"] },
      { group: "networking.k8s.io", plurals: ["networkpolicies"] },
    ],
    operations: ["CREATE", "UPDATE", "DELETE"],
    validations: [
      {
        expression: `(oldObject == null || ${isLabelled("oldObject")} || ${isOwned("oldObject")}) && (object == null || ${isLabelled("object")})`,
        message: "Sluice may write and delete only objects of its data planes.",
      },
    ],
  },
  {
    name: "pods",
    resources: [{ group: "apps", plurals: ["deployments"] }],
    operations: ["CREATE", "UPDATE"],
    validations: [
      {
        expression: `${pod}.?serviceAccountName.orValue('default') == object.metadata.name && !${pod}.?automountServiceAccountToken.orValue(true)`,
        message: "Pods of a data plane must run under its own ServiceAccount, without a token.",
      },
      {
        expression: `${pod}.?volumes.orValue([]).all(volume, has(volume.emptyDir) || has(volume.configMap) || has(volume.downwardAPI) || (has(volume.secret) && volume.secret.?secretName.orValue('') == object.metadata.name))`,
        message:
          "Pods of a data plane may mount only its own Secret, ConfigMaps, downward API volumes and empty directories.",
      },
      {
        expression: `!${pod}.?hostNetwork.orValue(false) && !${pod}.?hostPID.orValue(false) && !${pod}.?hostIPC.orValue(false) && (${pod}.containers + ${pod}.?initContainers.orValue([])).all(container, !container.?securityContext.privileged.orValue(false))`,
        message: "Pods of a data plane must not share namespaces of the node or be privileged.",
      },
    ],
  },
];

/** Each guard as a policy with its binding, where data planes are provisioned. */
export function admissionPolicies(version: string): readonly Node[] {
  const documents = guards.flatMap((guard): readonly Node[] => {
    const metadata = objectMeta(version, { name: text`${controllerName}-${guard.name}-${option("namespace")}` });
    return [policy(guard, metadata), binding(guard, metadata)];
  });
  return documents.map((node) => when(isOn("admissionPolicy.create"), when(not(isValue("plane", "embedded")), node)));
}

function policy({ resources, operations, validations }: Guard, metadata: Node): Node {
  const account = text`request.userInfo.username == 'system:serviceaccount:${option("namespace")}:${controllerName}'`;
  return {
    apiVersion: `${group}/v1`,
    kind: "ValidatingAdmissionPolicy",
    metadata,
    spec: {
      failurePolicy: "Fail",
      matchConstraints: {
        resourceRules: resources.map(({ group: apiGroup, plurals }) => ({
          apiGroups: [apiGroup],
          apiVersions: ["*"],
          operations,
          resources: plurals,
        })),
      },
      matchConditions: [{ name: "controller", expression: account }],
      validations: validations.map(({ expression, message }) => ({ expression, message, reason: "Forbidden" })),
    },
  };
}

function binding({ name }: Guard, metadata: Node): Node {
  return {
    apiVersion: `${group}/v1`,
    kind: "ValidatingAdmissionPolicyBinding",
    metadata,
    spec: { policyName: text`${controllerName}-${name}-${option("namespace")}`, validationActions: ["Deny"] },
  };
}
