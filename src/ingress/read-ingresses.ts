import { sameJson } from "../base/same-json.ts";
import type { Finding } from "../finding/finding.ts";
import type { SourceRef } from "../ir/source-ref.ts";
import { refOf } from "../resource/finding-at.ts";
import type { Resource } from "../resource/kinds.ts";
import type { Snapshot } from "../store/snapshot.ts";
import { byAge } from "./age-order.ts";
import { backendAt, findingAt, sourceAt } from "./at-ingress.ts";
import { attachCanaries } from "./attach-canaries.ts";
import type { ControllerConfig } from "./controller-config.ts";
import { controllerFlag } from "./controller-flag.ts";
import { rewrites } from "./feature/path-rewrite.ts";
import { type ServerFeatureName, type ServerSettings, serverFeatures } from "./features.ts";
import { certificateOf } from "./ingress-certificates.ts";
import { ingressesOfClass } from "./ingress-class.ts";
import type {
  IngressLocation,
  IngressModel,
  IngressServer,
  LocationTarget,
  ReadIngress,
  ServerCertificate,
} from "./ingress-model.ts";
import type { IngressOptions } from "./ingress-options.ts";
import { type HostPath, orderLocations } from "./location-matches.ts";
import { readController } from "./read-controller.ts";
import { annotationPointer } from "./read-feature.ts";
import { type ReadSettings, readSettings } from "./read-settings.ts";
import { readStreams } from "./read-streams.ts";

type Ingress = Resource<"Ingress">;

/** An Ingress with what its annotations say. */
type Annotated = { readonly ingress: Ingress; readonly settings: ReadSettings };

/** A path of a host, with whose settings it is served. */
type DraftPath = HostPath & {
  readonly owner: Annotated | undefined;
  readonly from: SourceRef | undefined;
  readonly target: LocationTarget;
  /** The location that ingress-nginx gives every host: a path `/` that somebody writes takes its place. */
  readonly implied: boolean;
};

type DraftServer = {
  readonly hostname: string;
  readonly ingresses: Annotated[];
  readonly paths: DraftPath[];
};

/** Stands for the annotations of an Ingress that has none. */
const bare: Ingress = {
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { namespace: "default", name: "none", labels: {}, annotations: {}, generation: 0 },
  spec: { rules: [{ host: "" }], tls: [] },
};

/**
 * What the Ingresses of a snapshot ask for, as ingress-nginx understands them: its servers and locations, whoever wrote them. Pure;
 * never throws for what a user wrote. Spec: ingress-nginx 1.15, createServers and getBackendServers.
 */
export function readIngresses(snapshot: Snapshot, options: IngressOptions): IngressModel {
  const controller = readController(snapshot, options);
  const isOurs = ingressesOfClass(snapshot, options);
  const all = byAge(snapshot.list("Ingress").filter(isOurs)).map((ingress) => ({
    ingress,
    settings: readSettings(ingress, { controller, snapshot }),
  }));
  const served = all.filter(({ settings }) => settings.dropped === undefined);
  const main = served.filter(({ settings }) => settings.location.canary.split === undefined);
  const canaries = served.filter(({ settings }) => settings.location.canary.split !== undefined);
  const none = readSettings(bare, { controller, snapshot });
  const findings: Finding[] = all.flatMap(({ settings }) => settings.findings);

  const drafts = draftServers(main, {
    defaultTarget: defaultTargetOf(controller, snapshot),
    strict: controllerFlag(controller, "strict-validate-path-type", true),
    findings,
  });
  const certificates = new Map(
    [...drafts.values()].map(({ hostname, ingresses }) => [hostname, firstCertificate(ingresses, hostname, snapshot)]),
  );
  const parts: ServerParts = { drafts, certificates, none, aliases: new Map(), findings };
  const servers = [...drafts.values()].map((draft) => buildServer(draft, parts));
  servers.sort(compareServers);
  return {
    controller,
    servers: attachCanaries(servers, canaries, findings),
    streams: readStreams(snapshot, controller),
    ingresses: all.map(
      ({ ingress, settings }): ReadIngress => ({
        resource: ingress,
        dropped: settings.dropped,
        settings: { ...settings.location, ...settings.server },
      }),
    ),
    findings,
  };
}

/** What the webhook takes in exact and prefix paths. */
const plainPath = /^[A-Za-z0-9._\-/]*$/;

type DraftParts = {
  readonly defaultTarget: LocationTarget;
  /** `strict-validate-path-type`. */
  readonly strict: boolean;
  readonly findings: Finding[];
};

function draftServers(
  main: readonly Annotated[],
  { defaultTarget, strict, findings }: DraftParts,
): ReadonlyMap<string, DraftServer> {
  const drafts = new Map<string, DraftServer>();
  const others: DraftServer = { hostname: "", ingresses: [], paths: [impliedPath(undefined, defaultTarget)] };
  drafts.set("", others);
  for (const one of main) {
    const { defaultBackend, rules } = one.ingress.spec;
    // An Ingress of a default backend alone is for the hosts that no other has; the oldest counts.
    if (defaultBackend?.service !== undefined && rules.length === 0 && others.paths[0]?.owner === undefined) {
      others.paths[0] = impliedPath(one, defaultTarget);
      others.ingresses.push(one);
    }
    for (const { host } of rules) {
      if (!drafts.has(host))
        drafts.set(host, { hostname: host, ingresses: [], paths: [impliedPath(one, defaultTarget)] });
    }
  }
  for (const one of main) {
    one.ingress.spec.rules.forEach(({ host, http }, ruleIndex) => {
      const draft = drafts.get(host)!;
      if (!draft.ingresses.includes(one)) draft.ingresses.push(one);
      http?.paths.forEach((written, pathIndex) => {
        const pointer = `/spec/rules/${ruleIndex}/http/paths/${pathIndex}`;
        if (written.backend.service === undefined) {
          findings.push(
            findingAt(
              "ingress-backend-unsupported",
              { ingress: one.ingress, pointer: `${pointer}/backend/resource` },
              {
                message: `The path ${JSON.stringify(written.path)} leads to ${written.backend.resource?.kind} ${written.backend.resource?.name}, which is no Service: it is not served, as ingress-nginx does.`,
                fix: "Write a backend with service.",
              },
            ),
          );
          return;
        }
        const path = written.path === "" ? "/" : written.path;
        if (strict && written.pathType !== "ImplementationSpecific" && !plainPath.test(path)) {
          findings.push(
            findingAt(
              "ingress-path-refused",
              { ingress: one.ingress, pointer: `${pointer}/path` },
              {
                message: `The path ${JSON.stringify(path)} (${written.pathType}) has characters that the webhook of ingress-nginx refuses.`,
                fix: "Write pathType: ImplementationSpecific, or set strict-validate-path-type of the controller to false.",
              },
            ),
          );
        }
        const same = draft.paths.findIndex(
          (other) =>
            other.path === path &&
            (other.pathType === written.pathType || (other.implied && written.pathType !== "Exact")),
        );
        const known = draft.paths[same];
        if (known !== undefined && !known.implied) {
          findings.push(
            findingAt(
              "ingress-path-taken",
              { ingress: one.ingress, pointer: `${pointer}/path` },
              {
                message: `${host === "" ? "The path" : `The path of ${host}`} ${path} (${written.pathType}) is served as Ingress ${known.from?.namespace}/${known.from?.name} says, which is older.`,
                fix: "Remove one of the two paths.",
                related: known.owner === undefined ? [] : [refOf(known.owner.ingress)],
              },
            ),
          );
          return;
        }
        const added: DraftPath = {
          path,
          pathType: written.pathType,
          owner: one,
          from: sourceAt(one.ingress, pointer),
          target: { kind: "backend", backend: backendAt(one.ingress, written.backend.service, `${pointer}/backend`) },
          implied: false,
        };
        if (known === undefined) draft.paths.push(added);
        else draft.paths[same] = added;
      });
    });
  }
  return drafts;
}

/** `/` of a host, under the settings of its oldest Ingress, whose default backend it leads to. */
function impliedPath(owner: Annotated | undefined, defaultTarget: LocationTarget): DraftPath {
  const service = owner?.ingress.spec.defaultBackend?.service;
  const pointer = "/spec/defaultBackend";
  return {
    path: "/",
    pathType: "Prefix",
    owner,
    from: owner && sourceAt(owner.ingress, service === undefined ? "" : pointer),
    target:
      owner === undefined || service === undefined
        ? defaultTarget
        : { kind: "backend", backend: backendAt(owner.ingress, service, pointer) },
    implied: true,
  };
}

/** The first port of the Service of `--default-backend-service`, or nobody. */
function defaultTargetOf(controller: ControllerConfig, snapshot: Snapshot): LocationTarget {
  const [namespace = "", service = ""] = (controller.value("default-backend-service") ?? "").split("/");
  if (namespace === "" || service === "") return { kind: "defaultBackend" };
  const number = snapshot.get("Service", namespace, service)?.spec.ports?.[0]?.port ?? 80;
  const from = { kind: "Service", namespace, name: service, pointer: "" };
  return { kind: "backend", backend: { namespace, service, port: { number }, from } };
}

type ServerParts = {
  readonly drafts: ReadonlyMap<string, DraftServer>;
  readonly certificates: ReadonlyMap<string, ServerCertificate>;
  readonly none: ReadSettings;
  /** Taken so far, with the host that has them. */
  readonly aliases: Map<string, string>;
  readonly findings: Finding[];
};

function buildServer(draft: DraftServer, parts: ServerParts): IngressServer {
  const { hostname, ingresses, paths } = draft;
  const { none, certificates } = parts;
  const chosen = chooseServerSettings(ingresses, none);
  const asRegex = paths.some(({ owner, path }) => {
    const rewrite = owner?.settings.location.pathRewrite;
    return rewrite !== undefined && (rewrite.usesRegex || rewrites(rewrite, path));
  });
  const locations = orderLocations(paths, asRegex).map(
    ({ of, match, slash }): IngressLocation => ({
      match,
      path: of.path,
      pathType: of.pathType,
      owner: of.owner && { resource: of.owner.ingress, from: of.from ?? sourceAt(of.owner.ingress, "") },
      settings: (of.owner?.settings ?? none).location,
      denied: of.owner?.settings.denied,
      target: slash ? { kind: "slash" } : of.target,
      canaries: [],
    }),
  );
  const root = locations.find(({ path, target }) => path === "/" && target.kind === "backend")?.target;
  return {
    hostname,
    aliases: hostname === "" ? [] : aliasesOf(draft, parts),
    owner: ingresses[0]?.ingress,
    ...chosen,
    certificate: certificateFor(hostname, certificates),
    locations,
    passthrough: chosen.settings.passthrough && root?.kind === "backend" ? root.backend : undefined,
  };
}

/** Of each feature what the oldest Ingress of the host says that says anything. */
function chooseServerSettings(
  ingresses: readonly Annotated[],
  none: ReadSettings,
): Pick<IngressServer, "settings" | "settingOwners"> {
  const settings: Record<string, unknown> = {};
  const settingOwners: Partial<Record<ServerFeatureName, Ingress>> = {};
  for (const name of Object.keys(serverFeatures) as ServerFeatureName[]) {
    const asNone = (one: Annotated): boolean => sameJson(one.settings.server[name], none.server[name]);
    const found = ingresses.find((one) => !asNone(one));
    settings[name] = (found?.settings ?? none).server[name];
    if (found !== undefined) settingOwners[name] = found.ingress;
  }
  // Made of the table of features, one by one.
  return { settings: settings as ServerSettings, settingOwners };
}

/** Names beside the hostname, but for those that are hosts themselves, and those that an older host has. */
function aliasesOf(
  { hostname, ingresses }: DraftServer,
  { drafts, aliases, findings }: ServerParts,
): readonly string[] {
  const own = new Set<string>();
  for (const { ingress, settings } of ingresses) {
    for (const alias of settings.server.hostAliases) {
      const taken = drafts.has(alias) ? alias : (aliases.get(alias) ?? hostname);
      if (taken === hostname) own.add(alias);
      else {
        findings.push(
          findingAt(
            "ingress-alias-taken",
            { ingress, pointer: annotationPointer("server-alias") },
            {
              message: `The alias ${alias} of ${hostname} is ${taken === alias ? "the host of another Ingress" : `an alias of ${taken}, too, which is older`}: requests for it go there.`,
              fix: "Remove the alias.",
            },
          ),
        );
      }
    }
  }
  for (const alias of own) aliases.set(alias, hostname);
  return [...own].sort();
}

/** The certificate of the oldest Ingress of the host that has `tls`. */
function firstCertificate(ingresses: readonly Annotated[], hostname: string, snapshot: Snapshot): ServerCertificate {
  for (const { ingress } of ingresses) {
    const certificate = hostname === "" ? undefined : certificateOf(ingress, hostname, snapshot);
    if (certificate !== undefined) return certificate;
  }
  return { kind: "none" };
}

/** A host's own certificate, else that of the wildcard host that covers it, whosever that is. */
export function certificateFor(
  hostname: string,
  certificates: ReadonlyMap<string, ServerCertificate>,
): ServerCertificate {
  const own = certificates.get(hostname) ?? { kind: "none" };
  if (own.kind !== "none" || hostname.startsWith("*.")) return own;
  return certificates.get(hostname.replace(/^[^.]+\./, "*.")) ?? own;
}

/** Names before wildcards, longer ones first, and last the server of all other hosts. */
function compareServers(a: IngressServer, b: IngressServer): number {
  const rank = ({ hostname }: IngressServer): number => (hostname === "" ? 2 : hostname.startsWith("*.") ? 1 : 0);
  return (
    rank(a) - rank(b) ||
    b.hostname.length - a.hostname.length ||
    (a.hostname === b.hostname ? 0 : a.hostname < b.hostname ? -1 : 1)
  );
}
