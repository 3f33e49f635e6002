import type { Finding, Position } from "../../finding/finding.ts";
import type { JsonObject } from "../../resource/json.ts";
import { splitApiVersion } from "../../resource/kind-version.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { Origin } from "../../resource/origin.ts";
import { type ValidatedObject, validateObject } from "../../resource/validate-object.ts";
import { annotationsOf, labelsOf } from "../../resource/written-object.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import { type Becoming, policy, renderBecoming } from "../controllers/becoming.ts";
import { foreignKindOf } from "../controllers/foreign-kinds.ts";
import { shapeOfIngressRoute } from "../traefik/read-ingress-route.ts";
import { controllerSettings } from "./controller-settings.ts";
import { judgeEffort } from "./effort.ts";
import { orderHosts, type ShapedIngress } from "./host-order.ts";
import { classNameOf, controllerOf } from "./ingress-class.ts";
import { ingressProblems } from "./ingress-problems.ts";
import { shapeOf } from "./ingress-shape.ts";
import {
  type AnnotationEntry,
  type Complexity,
  complexities,
  type DocumentEntry,
  type FileCoverage,
  type IngressAnnotation,
  type Inventory,
  type OtherObjectEntry,
  type OwnerEntry,
} from "./inventory.ts";
import { type JudgedAnnotation, judgeAnnotation } from "./judge-annotation.ts";
import { ownerOfObject } from "./owner.ts";
import { annotationsInText } from "./text-annotations.ts";

export type InventoryInput = {
  /** Objects of every kind as they are written; without an origin: from an API server. */
  readonly objects: readonly { readonly raw: JsonObject; readonly origin: Origin | undefined }[];
  /** Documents that are no objects. */
  readonly documents: readonly { readonly text: string; readonly position: Position }[];
  /** Of reading them. */
  readonly findings: readonly Finding[];
  readonly nowMs: number;
  /** Only what belongs to it; `undefined`: all. Hosts are judged by all of their Ingresses first. */
  readonly namespace: string | undefined;
};

type ReadObject = ValidatedObject & { readonly raw: JsonObject; readonly origin: Origin | undefined };

/** Reports what there is to move. Pure; takes any input, and names what it cannot read. */
export function takeInventory({ objects, documents, findings, nowMs, namespace }: InventoryInput): Inventory {
  const read = objects.map(({ raw, origin }): ReadObject => ({ ...validateObject(raw, origin), raw, origin }));
  const snapshot = createSnapshot(read.flatMap(({ resource }) => (resource === undefined ? [] : [resource])));
  const controller = controllerSettings(
    read.map(({ raw }) => raw),
    snapshot.list("ConfigMap"),
  );
  const problems = ingressProblems(snapshot, nginxClasses(snapshot), controller);
  const shown = (of: string | undefined): boolean => namespace === undefined || of === namespace;
  const everything = [
    ...read.filter(isIngress).map((object) => ingressOf(object, snapshot, problems)),
    ...read.flatMap((object) => ingressRouteOf(object, snapshot)),
  ].sort(byName);
  const ingresses = everything.filter(({ entry }) => shown(entry.namespace));
  const services = read.filter(({ ref }) => ref.kind === "Service" && shown(ref.namespace)).map(usesOf);
  const others = read.filter(({ ref }) => shown(ref.namespace)).flatMap(otherObjectOf);
  const texts = documents.flatMap(documentOf);
  const entries = ingresses.map(({ entry }) => entry);
  const hosts = orderHosts(everything, { snapshot, nowMs }).filter((host) => host.namespaces.some(shown));
  return {
    summary: {
      ingresses: entries.length,
      hosts: hosts.length,
      namespaces: new Set(entries.map(({ namespace }) => namespace)).size,
      complexity: countComplexities(entries),
      minutes: entries.reduce((sum, { minutes }) => sum + minutes, 0),
      files: coverageOf([
        ...entries.map(({ position, namespace, name, annotations }) => ({
          file: position?.file ?? `${namespace}/${name}`,
          annotations,
        })),
        ...texts.map(({ position, annotations }) => ({ file: position.file, annotations })),
      ]),
    },
    ingresses: entries,
    annotations: countAnnotations([...entries, ...texts].map(({ annotations }) => annotations).concat(services)),
    hosts,
    owners: ownersOf(ingresses),
    settings: controller.settings,
    streams: controller.streams,
    otherObjects: others,
    documents: texts,
    findings: [
      ...findings,
      ...read.filter((object) => isIngress(object) && shown(object.ref.namespace)).flatMap((object) => object.findings),
      ...[...problems.values()].flat().filter(({ object }) => shown(object.namespace)),
    ],
  };
}

/** Names of classes whose Ingresses are ingress-nginx's. */
function nginxClasses(snapshot: Snapshot): readonly string[] {
  const own = snapshot.list("Ingress").filter((ingress) => controllerOf(ingress, snapshot) === "ingress-nginx");
  return [...new Set(own.map(classNameOf))].filter((name) => name !== "").sort();
}

function isIngress({ ref }: ReadObject): boolean {
  return ref.kind === "Ingress" && ["networking.k8s.io", "extensions"].includes(ref.group);
}

function ingressOf(
  object: ReadObject,
  snapshot: Snapshot,
  served: ReadonlyMap<string, readonly Finding[]>,
): ShapedIngress {
  const { ref, raw, findings, origin } = object;
  const resource = object.resource as Resource<"Ingress"> | undefined;
  const shape = shapeOf(raw);
  const controller = resource === undefined ? undefined : controllerOf(resource, snapshot);
  const annotations = Object.keys(annotationsOf(raw)).flatMap((name) => judgeAnnotation(name, controller) ?? []);
  const namespace = ref.namespace ?? "default";
  const all = [...findings, ...(served.get(`${namespace}/${ref.name}`) ?? [])];
  const problems = [...new Set(all.filter(({ severity }) => severity === "error").map(({ message }) => message))];
  return {
    shape,
    entry: {
      kind: "Ingress",
      namespace,
      name: ref.name,
      position: origin?.at(""),
      controller,
      className: resource === undefined ? "" : classNameOf(resource),
      owner: ownerOfObject(labelsOf(raw), namespace, snapshot),
      hosts: shape.hosts,
      paths: shape.paths,
      annotations: annotations.map(withoutJudgement),
      ...judgeEffort(annotations, problems),
    },
  };
}

const ingressRouteKinds = ["IngressRoute", "IngressRouteTCP", "IngressRouteUDP"];

/** Those of Traefik have rules for hosts too: they move with the Ingresses. */
function ingressRouteOf({ ref, raw, origin }: ReadObject, snapshot: Snapshot): readonly ShapedIngress[] {
  const foreign = foreignKindOf(ref.group, ref.kind);
  if (foreign?.controller !== "traefik" || !ingressRouteKinds.includes(ref.kind)) return [];
  const namespace = ref.namespace ?? "default";
  const { hosts, rules, middlewares, tls, problems, notes } = shapeOfIngressRoute(raw, ref.kind, namespace);
  const annotations: readonly JudgedAnnotation[] = middlewares.map((name) => ({
    name: `Middleware ${name}`,
    outcome: "converted",
    becomes: "HTTPRoute rules[].filters[].extensionRef",
    becoming: policy("HTTPRoute rules[].filters[].extensionRef"),
    snippet: false,
  }));
  const effort = judgeEffort(annotations, problems);
  return [
    {
      shape: { hosts, paths: rules, tls: tls === undefined ? [] : [{ hosts: [], secretName: tls.secretName }] },
      entry: {
        kind: ref.kind,
        namespace,
        name: ref.name,
        position: origin?.at(""),
        controller: "traefik",
        className: "",
        owner: ownerOfObject(labelsOf(raw), namespace, snapshot),
        hosts,
        paths: rules,
        annotations: [],
        ...effort,
        reasons: [...effort.reasons, ...notes],
      },
    },
  ];
}

function usesOf({ raw }: ReadObject): readonly IngressAnnotation[] {
  return Object.keys(annotationsOf(raw)).flatMap((name) => {
    const judged = judgeAnnotation(name, undefined);
    return judged === undefined || judged.outcome === "withoutEffect" ? [] : [withoutJudgement(judged)];
  });
}

function withoutJudgement({ name, outcome, becomes }: JudgedAnnotation): IngressAnnotation {
  return { name, outcome, becomes };
}

function otherObjectOf({ ref, raw, origin }: ReadObject): readonly OtherObjectEntry[] {
  const { group } = splitApiVersion(String(raw["apiVersion"]));
  const foreign = foreignKindOf(group, ref.kind);
  if (foreign === undefined || ingressRouteKinds.includes(ref.kind)) return [];
  return [
    {
      object: ref,
      position: origin?.at(""),
      outcome: foreignOutcomes[foreign.becomes.kind],
      becomes: renderBecoming(foreign.becomes),
    },
  ];
}

const foreignOutcomes = {
  standard: "converted",
  policy: "converted",
  infrastructure: "converted",
  nothing: "noEffect",
  manual: "byHand",
} as const satisfies Record<Becoming["kind"], OtherObjectEntry["outcome"]>;

/** A document that names annotations, or would be an Ingress when it is rendered. */
function documentOf({ text, position }: InventoryInput["documents"][number]): readonly DocumentEntry[] {
  const annotations = annotationsInText(text).flatMap((name) => judgeAnnotation(name, undefined) ?? []);
  const named = annotations.length > 0 || /^\s*kind:\s*["']?Ingress/m.test(text);
  return named ? [{ position, annotations: annotations.map(withoutJudgement) }] : [];
}

function countComplexities(
  entries: readonly { readonly complexity: Complexity }[],
): Readonly<Record<Complexity, number>> {
  const count = (wanted: Complexity) => entries.filter(({ complexity }) => complexity === wanted).length;
  return Object.fromEntries(complexities.map((each) => [each, count(each)])) as Record<Complexity, number>;
}

type AnnotatedFile = { readonly file: string; readonly annotations: readonly IngressAnnotation[] };

function coverageOf(parts: readonly AnnotatedFile[]): FileCoverage {
  const files = [...Map.groupBy(parts, ({ file }) => file).values()]
    .map((own) => own.flatMap(({ annotations }) => annotations))
    .filter((annotations) => annotations.length > 0);
  const covered = files.filter((annotations) =>
    annotations.every(({ outcome }) => outcome !== "refused" && outcome !== "byHand"),
  ).length;
  return { files: files.length, covered, named: files.length - covered };
}

/** By use, then by name; the same annotation has another outcome where another controller reads it. */
function countAnnotations(uses: readonly (readonly IngressAnnotation[])[]): readonly AnnotationEntry[] {
  const groups = Map.groupBy(uses.flat(), ({ name, outcome, becomes }) => JSON.stringify([name, outcome, becomes]));
  return [...groups.values()]
    .flatMap((same) => (same[0] === undefined ? [] : [{ ...same[0], uses: same.length }]))
    .sort((one, other) => other.uses - one.uses || (one.name < other.name ? -1 : 1));
}

function ownersOf(ingresses: readonly ShapedIngress[]): readonly OwnerEntry[] {
  const groups = Map.groupBy(ingresses, ({ entry }) => entry.owner);
  return [...groups]
    .map(([owner, own]) => ({
      owner,
      ingresses: own.length,
      hosts: new Set(own.flatMap(({ shape }) => shape.hosts)).size,
      minutes: own.reduce((sum, { entry }) => sum + entry.minutes, 0),
      complexity: countComplexities(own.map(({ entry }) => entry)),
    }))
    .sort((one, other) => other.ingresses - one.ingresses || (one.owner < other.owner ? -1 : 1));
}

function byName({ entry: one }: ShapedIngress, { entry: other }: ShapedIngress): number {
  const key = ({ namespace, name }: ShapedIngress["entry"]): string => `${namespace}/${name}`;
  return key(one) < key(other) ? -1 : 1;
}
