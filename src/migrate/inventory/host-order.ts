import type { Snapshot } from "../../store/snapshot.ts";
import { certificateOf } from "./certificate.ts";
import type { IngressShape } from "./ingress-shape.ts";
import { complexities, type HostCertificate, type HostEntry, type IngressEntry } from "./inventory.ts";

export type ShapedIngress = { readonly entry: IngressEntry; readonly shape: IngressShape };

/** A certificate that ends within these days is said. */
const soonDays = 30;

/**
 * Hosts in the order in which they are best moved: little work and little risk first. A host moves as a whole, with all Ingresses that
 * have rules for it, in whatever namespace; names that stand for many hosts come after those that they cover, and what answers for every
 * other host comes last.
 */
export function orderHosts(
  ingresses: readonly ShapedIngress[],
  known: { readonly snapshot: Snapshot; readonly nowMs: number },
): readonly HostEntry[] {
  const byHost = Map.groupBy(
    ingresses.flatMap((ingress) => ingress.shape.hosts.map((hostname) => ({ hostname, ingress }))),
    ({ hostname }) => hostname,
  );
  const hosts = [...byHost].map(([hostname, uses]) =>
    hostEntry(
      hostname,
      uses.map(({ ingress }) => ingress),
      known,
    ),
  );
  const risks = [...new Set(hosts.map(riskOf))].sort((one, other) => one - other);
  return hosts.map((host) => ({ ...host, wave: risks.indexOf(riskOf(host)) + 1 })).sort(byOrder);
}

function hostEntry(
  hostname: string,
  ingresses: readonly ShapedIngress[],
  known: { readonly snapshot: Snapshot; readonly nowMs: number },
): Omit<HostEntry, "wave"> {
  const entries = ingresses.map(({ entry }) => entry);
  const namespaces = [...new Set(entries.map(({ namespace }) => namespace))].sort();
  const certificate = certificateFor(hostname, ingresses, known);
  const controllers = new Set(entries.map(({ controller }) => controller));
  return {
    hostname,
    complexity:
      complexities[Math.max(...entries.map(({ complexity }) => complexities.indexOf(complexity)))] ?? "blocked",
    minutes: entries.reduce((sum, { minutes }) => sum + minutes, 0),
    ingresses: entries.map(({ namespace, name }) => `${namespace}/${name}`).sort(),
    namespaces,
    certificate,
    notes: [
      ...(namespaces.length > 1
        ? [`Ingresses of ${namespaces.length} namespaces have rules for it: they move together.`]
        : []),
      ...(controllers.size > 1 ? ["Ingresses of several controllers have rules for it."] : []),
      ...(hostname === "*" ? ["It answers for every host that has no rules of its own: move it last."] : []),
      ...(hostname.startsWith("*.")
        ? ["It stands for many hosts: move it after those that have rules of their own."]
        : []),
      ...certificateNotes(certificate),
    ],
  };
}

function certificateFor(
  hostname: string,
  ingresses: readonly ShapedIngress[],
  known: { readonly snapshot: Snapshot; readonly nowMs: number },
): HostCertificate {
  for (const { entry, shape } of ingresses) {
    const tls = shape.tls.find(({ hosts }) => hosts.length === 0 || hosts.some((host) => covers(host, hostname)));
    if (tls === undefined) continue;
    if (tls.secretName === "") return { kind: "default" };
    return certificateOf({ namespace: entry.namespace, name: tls.secretName }, hostname, known);
  }
  return { kind: "none" };
}

function covers(host: string, hostname: string): boolean {
  return host === hostname || (host.startsWith("*.") && hostname.slice(hostname.indexOf(".")) === host.slice(1));
}

function certificateNotes(certificate: HostCertificate): readonly string[] {
  if (certificate.kind === "default")
    return ["TLS without a Secret: clients get the controller's default certificate."];
  if (certificate.kind !== "secret") return [];
  const { secret, daysLeft, namesHost } = certificate;
  return [
    ...(daysLeft < 0 ? [`The certificate of ${secret} has expired.`] : []),
    ...(daysLeft >= 0 && daysLeft < soonDays ? [`The certificate of ${secret} expires in ${daysLeft} days.`] : []),
    ...(namesHost ? [] : [`The certificate of ${secret} does not name the host: clients get the default one.`]),
  ];
}

/** How risky a host is: by what its Ingresses need, and more so when it stands for many hosts. */
function riskOf({ hostname, complexity }: Pick<HostEntry, "hostname" | "complexity">): number {
  const breadth = hostname === "*" ? 2 : hostname.startsWith("*.") ? 1 : 0;
  return breadth * complexities.length + complexities.indexOf(complexity);
}

function byOrder(one: HostEntry, other: HostEntry): number {
  return (
    one.wave - other.wave ||
    one.namespaces.length - other.namespaces.length ||
    one.minutes - other.minutes ||
    (one.hostname < other.hostname ? -1 : 1)
  );
}
