import type { FindingName } from "../../finding/catalogue.ts";
import type { CompileContext } from "../contract.ts";
import { explainGrant } from "../reference/grant.ts";
import { type AnyResource, type FindingText, groupOf, nameOf, refOf } from "../report/report.ts";
import type { ObjectName, ObjectReaders } from "../route/filter-scope.ts";

/** Who refers to objects from a field, and how mistakes are told. */
type Referrer = Extract<AnyResource, { readonly metadata: { readonly namespace: string } }>;
type Tell = (name: FindingName, field: string, text: FindingText) => void;

/** Reads Secrets and ConfigMaps for the object that `referrer` says a field was written in. */
export function objectReaders(
  context: CompileContext,
  referrer: (field: string) => Referrer,
  tell: Tell,
): ObjectReaders {
  /** Whether the reference that stands at a field is permitted; a finding when it is not. */
  const isPermitted = (kind: "Secret" | "ConfigMap", ref: ObjectName, field: string): boolean => {
    const resource = referrer(field);
    const from = { group: groupOf(resource.apiVersion), kind: resource.kind, namespace: resource.metadata.namespace };
    const to = { group: "", kind, namespace: ref.namespace ?? from.namespace, name: ref.name };
    const permission = explainGrant(context.snapshot, from, to);
    if (permission.answer === "granted") return true;
    tell("policy-reference-not-permitted", field, {
      message: `${nameOf(refOf(resource))} is not permitted to refer to ${kind} ${to.namespace}/${to.name}: ${permission.detail}.`,
      fix: permission.fix,
    });
    return false;
  };
  const lacking = (what: string, field: string): undefined => {
    tell("policy-reference-unresolved", field, {
      message: `${what}.`,
      fix: "Create it, or correct the reference.",
    });
    return undefined;
  };
  return {
    readSecret: (ref, entry, field) => {
      if (!isPermitted("Secret", ref, field)) return undefined;
      const namespace = ref.namespace ?? referrer(field).metadata.namespace;
      const read = context.secrets.value(namespace, ref.name, entry);
      return "problem" in read ? lacking(read.message.replace(/\.$/, ""), field) : read;
    },
    entriesOfSecret: (ref, field) => {
      if (!isPermitted("Secret", ref, field)) return undefined;
      const namespace = ref.namespace ?? referrer(field).metadata.namespace;
      const object = context.snapshot.get("Secret", namespace, ref.name);
      if (object === undefined) return lacking(`Secret ${namespace}/${ref.name} does not exist`, field);
      return Object.keys(object.data).sort();
    },
    readConfigMap: (ref, entry, field) => {
      if (!isPermitted("ConfigMap", ref, field)) return undefined;
      const namespace = ref.namespace ?? referrer(field).metadata.namespace;
      const object = context.snapshot.get("ConfigMap", namespace, ref.name);
      if (object === undefined) return lacking(`ConfigMap ${namespace}/${ref.name} does not exist`, field);
      return object.data[entry] ?? lacking(`ConfigMap ${namespace}/${ref.name} has no ${entry}`, field);
    },
  };
}
