import { deepFreeze } from "../base/deep-freeze.ts";
import { makeFinding } from "../finding/catalogue.ts";
import type { Finding, ObjectRef } from "../finding/finding.ts";
import { dotted, isDeeperThan, isJsonObject, type JsonObject, pointerOf, withoutNulls } from "./json.ts";
import { conversions, kindVersion, splitApiVersion, withCurrentParents } from "./kind-version.ts";
import { groupKindOf, type Kind, kinds, type Resource, twinOf } from "./kinds.ts";
import type { Origin } from "./origin.ts";
import { foldStringData } from "./schema/core.ts";
import { fieldTree } from "./schema/field-tree.ts";
import { metadata as metadataSchema } from "./schema/metadata.ts";
import { type ParseOptions, type Problem, parseFields } from "./schema/parse-fields.ts";
import { type UnknownField, unknownFields } from "./unknown-fields.ts";

/** What became of one object of a source. */
export type ValidatedObject = {
  /** Present when the object is in force. */
  readonly resource?: Resource;
  /** Present when Sluice does not read the kind; the source lists each kind once. */
  readonly ignored?: { readonly group: string; readonly kind: string };
  /** Kind and name, as far as they could be read. */
  readonly ref: ObjectRef;
  readonly findings: readonly Finding[];
};

/** Objects of the API are less deep than 20; free-form parts such as parameters of extensions are bounded by this. */
const depthLimit = 64;

/**
 * Reads any JSON value as a Kubernetes object: finds its kind and version, checks it against the declaration, applies
 * defaults, converts old versions. A broken object has one finding per broken rule and no resource. The resource is
 * frozen; parts that are taken over as they are (status) are frozen with it. Never throws.
 */
export function validateObject(raw: unknown, origin?: Origin): ValidatedObject {
  const judge = new Judge(refOf(raw), origin);
  if (!isJsonObject(raw)) {
    judge.add(
      "not-an-object",
      [],
      "A document is not a mapping of fields.",
      "Write apiVersion, kind, metadata and spec, or remove the document.",
    );
    return judge.result();
  }
  if (isDeeperThan(raw, depthLimit)) {
    judge.add(
      "not-an-object",
      [],
      `The object is nested more than ${depthLimit} levels deep.`,
      "Remove the nesting; no Kubernetes kind needs it.",
    );
    return judge.result();
  }
  for (const field of ["apiVersion", "kind"] as const) {
    if (typeof raw[field] === "string" && raw[field] !== "") continue;
    judge.add(
      "not-an-object",
      [field],
      `\`${field}\` is missing or not text, so this is not a Kubernetes object.`,
      field === "kind"
        ? "Add kind, for example `kind: HTTPRoute`."
        : "Add apiVersion, for example `apiVersion: gateway.networking.k8s.io/v1`.",
    );
    return judge.result();
  }
  return validateNamed(withoutNulls(raw) as JsonObject, judge);
}

function validateNamed(raw: JsonObject, judge: Judge): ValidatedObject {
  const [apiVersion, kindName] = [String(raw["apiVersion"]), String(raw["kind"])];
  const version = kindVersion(raw, apiVersion, kindName);
  if (version.known === "no") {
    if (version.meant === undefined)
      return judge.result({ ignored: { group: splitApiVersion(apiVersion).group, kind: kindName } });
    judge.add(
      "version-unknown",
      ["kind"],
      `${shown(apiVersion)} has no kind \`${shown(kindName)}\`.`,
      `Write \`kind: ${version.meant}\`.`,
    );
    return judge.result();
  }
  const { kind } = version;
  const row = kinds[kind];
  const { group } = splitApiVersion(apiVersion);
  const ownGroup = group === twinOf(kind)?.group ? group : row.group;
  const current = `${ownGroup === "" ? "" : `${ownGroup}/`}${row.version}`;
  if (version.known === "otherVersion") {
    if (version.steps === undefined) {
      judge.add(
        "version-unknown",
        ["apiVersion"],
        `${kind} has no version \`${shown(apiVersion)}\`.`,
        `Write \`apiVersion: ${current}\` and check the fields.`,
      );
    } else {
      judge.add(
        "version-retired",
        ["apiVersion"],
        `${kind} has no version \`${shown(apiVersion)}\`; its fields were renamed in v1alpha3.`,
        version.steps.join(" "),
      );
    }
    return judge.result();
  }
  const conversion = version.state === "removed" ? conversions[kind] : undefined;
  const converted = withCurrentParents(raw);
  if (version.state !== "served" || converted !== raw) {
    const what = version.state === "removed" ? "is no longer accepted by clusters" : "is deprecated";
    judge.add(
      "version-old",
      converted === raw ? ["apiVersion"] : ["spec", "parentRefs"],
      converted === raw
        ? `\`${shown(apiVersion)}\` of ${shown(kindName)} ${what}; it is read as ${kind} ${row.version}.`
        : "A parentRef names an XListenerSet, which is now called ListenerSet.",
      converted === raw
        ? `Write \`apiVersion: ${current}\`${kind === kindName ? "" : ` and \`kind: ${kind}\``}${conversion?.changes ?? ""}.`
        : "Write `group: gateway.networking.k8s.io` and `kind: ListenerSet`.",
    );
  }
  return validateFields(
    conversion?.convert(converted) ?? converted,
    { kind, apiVersion: current, schema: version.schema },
    judge,
  );
}

function validateFields(
  raw: JsonObject,
  known: { readonly kind: Kind; readonly apiVersion: string; readonly schema: Parameters<typeof fieldTree>[0] },
  judge: Judge,
): ValidatedObject {
  const { kind, apiVersion, schema } = known;
  const row = kinds[kind];
  const { apiVersion: _, kind: __, metadata: rawMetadata, status, ...rawFields } = raw;
  const values: ParseOptions["values"] = kind === "Secret" ? "hidden" : "shown";
  const metadata = parseFields(metadataSchema, rawMetadata ?? {}, { values });
  if ("problems" in metadata) {
    for (const problem of metadata.problems)
      judge.addProblem({ ...problem, path: ["metadata", ...problem.path] }, "metadata-invalid");
  }
  const fields = parseFields(schema, rawFields, { values });
  if ("problems" in fields) for (const problem of fields.problems) judge.addProblem(problem);
  if (row.channel !== "core")
    for (const field of unknownFields(raw, fieldTree(schema)))
      judge.addUnknown(field, groupKindOf({ kind, apiVersion }).kind);
  if ("problems" in metadata || "problems" in fields) return judge.result();

  const { namespace = "default", ...own } = metadata.value;
  const parts = kind === "Secret" ? foldStringData(fields.value as Parameters<typeof foldStringData>[0]) : fields.value;
  const resource = {
    kind,
    apiVersion,
    metadata: row.scope === "Namespaced" ? { ...own, namespace } : own,
    ...parts,
    ...(status === undefined ? {} : { status }),
    ...(judge.origin === undefined ? {} : { origin: judge.origin }),
  };
  // The declarations and the table of kinds are tied by the types of `KindMap`; the union cannot follow that here.
  return judge.result({ resource: deepFreeze(resource) as unknown as Resource });
}

/** Collects the findings about one object. */
class Judge {
  readonly ref: ObjectRef;
  readonly origin: Origin | undefined;
  readonly findings: Finding[] = [];

  constructor(ref: ObjectRef, origin: Origin | undefined) {
    this.ref = ref;
    this.origin = origin;
  }

  add(name: Finding["name"], path: readonly (string | number)[], message: string, fix: string): void {
    const pointer = pointerOf(path);
    this.findings.push(
      makeFinding(name, {
        object: this.ref,
        pointer,
        ...(this.origin === undefined ? {} : { position: this.origin.at(pointer) }),
        message,
        fix,
      }),
    );
  }

  addProblem(problem: Problem, always?: Finding["name"]): void {
    const byKind = { missing: "field-missing", invalid: "field-invalid", rule: "field-rule-broken" } as const;
    const field = problem.path.length === 0 ? "The object" : `\`${dotted(problem.path)}\``;
    this.add(always ?? byKind[problem.kind], problem.path, `${field} ${problem.message}.`, problem.fix);
  }

  addUnknown(field: UnknownField, kind: string): void {
    const name = String(field.path.at(-1));
    const moved = field.elsewhere === undefined ? "" : `; there is a field of this name at \`${field.elsewhere}\``;
    const fix =
      field.nearest !== undefined
        ? `Write \`${field.nearest}\`.`
        : field.elsewhere !== undefined
          ? `Move it to \`${field.elsewhere}\`, or remove it.`
          : "Remove it, or check its name and indentation.";
    this.add(
      "field-unknown",
      field.path,
      `${kind} has no field \`${dotted(field.path)}\`${moved}.`,
      name === "" ? "Remove it." : fix,
    );
  }

  result(outcome: Pick<ValidatedObject, "resource" | "ignored"> = {}): ValidatedObject {
    return { ...outcome, ref: this.ref, findings: this.findings };
  }
}

/** Kind, group and name as far as the value has them. */
function refOf(raw: unknown): ObjectRef {
  const object = isJsonObject(raw) ? raw : {};
  const metadata = isJsonObject(object["metadata"]) ? object["metadata"] : {};
  const textOf = (value: unknown): string => (typeof value === "string" ? shown(value) : "");
  const kind = textOf(object["kind"]);
  const { group } = splitApiVersion(textOf(object["apiVersion"]));
  const clusterScoped = Object.hasOwn(kinds, kind) && kinds[kind as Kind].scope === "Cluster";
  const namespace = textOf(metadata["namespace"]) || "default";
  return { kind, group, name: textOf(metadata["name"]), ...(clusterScoped ? {} : { namespace }) };
}

/** A word of the user's for a message: cut, without control characters. */
function shown(text: string): string {
  return text.slice(0, 253).replace(/[\u0000-\u001f\u007f]/g, "�");
}
