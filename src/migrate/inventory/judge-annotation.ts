import { nearestName } from "../../base/nearest-name.ts";
import type { AnnotationRow, Handling } from "../../ingress/annotation.ts";
import { locationFeatures, serverFeatures } from "../../ingress/features.ts";
import { type Becoming, renderBecoming, standard } from "../controllers/becoming.ts";
import { becomingOf, type ControllerName, controllerNames, controllers, ownerOf } from "../controllers/controllers.ts";
import { withoutEffect } from "../controllers/ingress-nginx.ts";
import type { IngressAnnotation, Outcome } from "./inventory.ts";

/** What is known of one annotation. */
export type JudgedAnnotation = IngressAnnotation & {
  /** `undefined`: it changes nothing today. It decides how much work the annotation is. */
  readonly becoming: Becoming | undefined;
  /** It holds raw configuration of nginx. */
  readonly snippet: boolean;
};

/** Rows of ingress-nginx's annotations, by name and by alias. */
const nginxRows: ReadonlyMap<string, AnnotationRow> = new Map(
  [...Object.values(locationFeatures), ...Object.values(serverFeatures)]
    .flatMap(({ annotations }: { readonly annotations: readonly AnnotationRow[] }) => annotations)
    .flatMap((row) => [row.name, ...row.aliases].map((name) => [name, row] as const)),
);

/** Annotations that tools beside the controller read, by their beginning: they move to where those tools look for them. */
const tools: Readonly<Record<string, string>> = {
  "cert-manager.io/": "the same annotation of the Gateway or ListenerSet, where cert-manager reads it",
  "certmanager.k8s.io/": "cert-manager.io/ of the Gateway or ListenerSet; this prefix is of cert-manager before 0.11",
  "external-dns.alpha.kubernetes.io/": "the same annotation of the Gateway or route, where external-dns reads it",
  "kubernetes.io/tls-acme": "cert-manager.io/ of the Gateway or ListenerSet",
  "kubernetes.io/ingress.class": "Gateway gatewayClassName",
};

/**
 * What becomes of an annotation of an Ingress of `controller`, or of a text that may be for any. `undefined` for one that is no business
 * of a controller of Ingresses, such as those of Helm.
 */
export function judgeAnnotation(name: string, controller: ControllerName | undefined): JudgedAnnotation | undefined {
  const tool = Object.keys(tools).find((beginning) => name.startsWith(beginning));
  if (tool !== undefined) return judged(name, "converted", standard(tools[tool] ?? ""));
  const owned = ownerOf(name, controller);
  if (owned === undefined) return judgeStrange(name);
  if (controller !== undefined && owned.controller !== controller && !reads(controller, owned.controller)) {
    const [reader, owner] = [controllers[controller].title, controllers[owned.controller].title];
    return dead(name, `${reader} does not read annotations of ${owner}`);
  }
  if (owned.controller === "ingress-nginx") return judgeNginx(name, owned.name);
  const becoming = becomingOf(owned.controller, owned.name);
  if (becoming === undefined) return dead(name, unknownName(owned.controller, owned.name));
  return judged(name, outcomeOf(becoming), becoming);
}

/** Traefik reads annotations of ingress-nginx where it is told to. */
function reads(controller: ControllerName, owner: ControllerName): boolean {
  return controller === "traefik" && owner === "ingress-nginx";
}

function judgeNginx(name: string, bare: string): JudgedAnnotation {
  const row = nginxRows.get(bare);
  const becoming = becomingOf("ingress-nginx", row?.name ?? bare);
  if (becoming === undefined) return dead(name, withoutEffect[bare] ?? unknownName("ingress-nginx", bare));
  const snippet = bare.endsWith("-snippet") && bare !== "modsecurity-snippet";
  const { outcome, note } = row === undefined ? { outcome: outcomeOf(becoming), note: "" } : handlingOf(row.handling);
  const becomes = renderBecoming(becoming);
  return { name, outcome, becomes: note === "" ? becomes : `${becomes} (${note})`, becoming, snippet };
}

function handlingOf(handling: Handling): { readonly outcome: Outcome; readonly note: string } {
  if (handling.kind === "partly") return { outcome: "partly", note: `not all of it: ${handling.lacks}` };
  if (handling.kind === "refused") return { outcome: "refused", note: `not served: ${handling.because}` };
  return { outcome: handling.kind, note: "" };
}

function outcomeOf(becoming: Becoming): Outcome {
  if (becoming.kind === "manual") return "byHand";
  return becoming.kind === "nothing" ? "noEffect" : "converted";
}

/** Of no controller: its prefix is missing, is nearly one, or is no matter of Ingresses. */
function judgeStrange(name: string): JudgedAnnotation | undefined {
  const slash = name.indexOf("/");
  if (slash < 0) {
    const known = becomingOf("ingress-nginx", name) !== undefined;
    return known ? dead(name, `its prefix is missing: nginx.ingress.kubernetes.io/${name} was meant?`) : undefined;
  }
  const prefix = name.slice(0, slash + 1);
  const meant = nearestName(prefix, knownPrefixes) ?? scrambled.get(wordsOf(prefix));
  return meant === undefined ? undefined : dead(name, `no controller has this prefix; ${meant} was meant?`);
}

const knownPrefixes = controllerNames.flatMap((name) => controllers[name].prefixes);

/** To find prefixes whose words stand in another order, such as `ingress.nginx.kubernetes.io/`. */
const wordsOf = (prefix: string): string => prefix.slice(0, -1).split(".").sort().join(".");
const scrambled: ReadonlyMap<string, string> = new Map(knownPrefixes.map((prefix) => [wordsOf(prefix), prefix]));

function unknownName(controller: ControllerName, bare: string): string {
  const { title, annotations } = controllers[controller];
  const meant = nearestName(
    bare,
    annotations.map(({ name }) => name).filter((each) => !each.includes("*")),
  );
  return `${title} has no such annotation${meant === undefined ? "" : `; ${meant} was meant?`}`;
}

function dead(name: string, because: string): JudgedAnnotation {
  return { name, outcome: "withoutEffect", becomes: because, becoming: undefined, snippet: false };
}

function judged(name: string, outcome: Outcome, becoming: Becoming): JudgedAnnotation {
  return { name, outcome, becomes: renderBecoming(becoming), becoming, snippet: false };
}
