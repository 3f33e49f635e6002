/** An inventory as headings and tables, which every format that people read prints in its own way. */
import type { HostCertificate, IngressAnnotation, Inventory, Outcome } from "../inventory.ts";

export type Report = {
  readonly title: string;
  readonly figures: readonly { readonly label: string; readonly value: string }[];
  readonly sections: readonly ReportSection[];
};

export type ReportSection = {
  readonly title: string;
  /** What the table is, in a sentence. */
  readonly text: string;
  readonly headers: readonly string[];
  /** Never empty: a section without rows is left out. */
  readonly rows: readonly (readonly Cell[])[];
};

/** `tone` stands for what a cell says at a glance. */
export type Cell = { readonly text: string; readonly tone: "plain" | "good" | "warning" | "bad" };

const plain = (text: string | number): Cell => ({ text: String(text), tone: "plain" });

/** What an outcome is called. */
const outcomeWords: Readonly<Record<Outcome, string>> = {
  served: "served",
  partly: "served in part",
  noEffect: "not needed",
  refused: "not served",
  converted: "has a counterpart",
  byHand: "by hand",
  withoutEffect: "never had an effect",
};

const outcomeTones = {
  served: "good",
  partly: "warning",
  noEffect: "good",
  refused: "bad",
  converted: "good",
  byHand: "bad",
  withoutEffect: "warning",
} as const satisfies Record<Outcome, Cell["tone"]>;

const complexityTones = { trivial: "good", policies: "good", snippets: "warning", blocked: "bad" } as const;

/** What each class means, in the order of the work that it is. */
export const complexityWords = {
  trivial: "fields of the Gateway API say all of it",
  policies: "needs policies or filters too",
  snippets: "has raw configuration of nginx",
  blocked: "something of it is not served, or cannot be read: a person decides",
} as const;

export function reportOf(inventory: Inventory): Report {
  const { summary } = inventory;
  const { files, covered } = summary.files;
  return {
    title: "What there is to move",
    figures: [
      { label: summary.ingresses === 1 ? "Ingress" : "Ingresses", value: String(summary.ingresses) },
      { label: summary.hosts === 1 ? "host" : "hosts", value: String(summary.hosts) },
      { label: summary.namespaces === 1 ? "namespace" : "namespaces", value: String(summary.namespaces) },
      ...Object.entries(summary.complexity).map(([label, count]) => ({ label, value: String(count) })),
      { label: "estimated work", value: renderMinutes(summary.minutes) },
      ...(files === 0
        ? []
        : [
            {
              label: "files whose annotations are all taken care of; the rest is named",
              value: `${covered} of ${files}`,
            },
          ]),
    ],
    sections: sectionsOf(inventory).filter(({ rows }) => rows.length > 0),
  };
}

function sectionsOf(inventory: Inventory): readonly ReportSection[] {
  const outcome = (entry: IngressAnnotation): readonly Cell[] => [
    { text: outcomeWords[entry.outcome], tone: outcomeTones[entry.outcome] },
    plain(entry.becomes),
  ];
  return [
    {
      title: "Order of the move",
      text: "Hosts, those with little risk first. A host moves as a whole, with every Ingress that has rules for it.",
      headers: ["wave", "host", "class", "work", "certificate", "Ingresses", "notes"],
      rows: inventory.hosts.map((host) => [
        plain(host.wave),
        plain(host.hostname),
        { text: host.complexity, tone: complexityTones[host.complexity] },
        plain(renderMinutes(host.minutes)),
        certificateCell(host.certificate),
        plain(host.ingresses.join(", ")),
        plain(host.notes.join(" ")),
      ]),
    },
    {
      title: "Ingresses",
      text: `Each by how much work it is: ${Object.entries(complexityWords)
        .map(([name, words]) => `${name}, ${words}`)
        .join("; ")}.`,
      headers: ["kind", "namespace", "name", "controller", "class", "work", "owner", "hosts", "reasons"],
      rows: inventory.ingresses.map((ingress) => [
        plain(ingress.kind),
        plain(ingress.namespace),
        plain(ingress.name),
        plain(ingress.controller ?? "unknown"),
        { text: ingress.complexity, tone: complexityTones[ingress.complexity] },
        plain(renderMinutes(ingress.minutes)),
        plain(ingress.owner),
        plain(ingress.hosts.join(", ")),
        plain(ingress.reasons.join("; ")),
      ]),
    },
    {
      title: "Annotations",
      text: "The most used first, with what becomes of each.",
      headers: ["annotation", "uses", "handling", "becomes"],
      rows: inventory.annotations
        .filter((each) => each.outcome !== "withoutEffect")
        .map((each) => [plain(each.name), plain(each.uses), ...outcome(each)]),
    },
    {
      title: "Annotations that never had an effect",
      text: "Their controller does not read them today. Whoever wrote them may believe otherwise: look at those that protect something.",
      headers: ["annotation", "uses", "why"],
      rows: inventory.annotations
        .filter((each) => each.outcome === "withoutEffect")
        .map((each) => [plain(each.name), plain(each.uses), plain(each.becomes)]),
    },
    {
      title: "Settings of the controller",
      text: "What its ConfigMap and its flags change for every Ingress.",
      headers: ["where", "setting", "handling", "becomes"],
      rows: inventory.settings.map((each) => [
        plain(each.source),
        plain(each.key),
        { text: outcomeWords[each.outcome], tone: outcomeTones[each.outcome] },
        plain(each.becomes),
      ]),
    },
    {
      title: "TCP and UDP",
      text: "Ports that the controller passes on as they are.",
      headers: ["protocol", "port", "backend", "where"],
      rows: inventory.streams.map((each) => [each.protocol, each.port, each.backend, each.source].map(plain)),
    },
    {
      title: "Objects of controllers",
      text: "Of kinds that one controller alone reads.",
      headers: ["kind", "namespace", "name", "handling", "becomes"],
      rows: inventory.otherObjects.map(({ object, outcome: of, becomes }) => [
        plain(object.kind),
        plain(object.namespace ?? ""),
        plain(object.name),
        { text: outcomeWords[of], tone: outcomeTones[of] },
        plain(becomes),
      ]),
    },
    {
      title: "Owners",
      text: "By the labels team, owner and app.kubernetes.io/part-of of Ingresses and namespaces.",
      headers: ["owner", "Ingresses", "hosts", "work", ...Object.keys(complexityWords)],
      rows: inventory.owners.map((each) =>
        [each.owner, each.ingresses, each.hosts, renderMinutes(each.minutes), ...Object.values(each.complexity)].map(
          plain,
        ),
      ),
    },
    {
      title: "Documents that are not rendered",
      text: "Templates and values of charts. Render them (helm template) to see all of what they ask for.",
      headers: ["where", "annotations", "not taken care of"],
      rows: inventory.documents.map(({ position, annotations }) => [
        plain(`${position.file}:${position.line}`),
        plain(annotations.length),
        plain(
          annotations
            .filter(({ outcome: of }) => of === "refused" || of === "byHand" || of === "withoutEffect")
            .map(({ name, becomes }) => `${name}: ${becomes}`)
            .join("; "),
        ),
      ]),
    },
    {
      title: "Findings",
      text: "What is wrong with what was read.",
      headers: ["code", "object", "message"],
      rows: inventory.findings.map(({ code, severity, object, message, position }) => [
        { text: code, tone: severity === "error" ? "bad" : "warning" },
        plain(
          object.name === ""
            ? `${position?.file ?? ""}:${position?.line ?? ""}`
            : `${object.kind} ${object.namespace ?? ""}/${object.name}`,
        ),
        plain(message),
      ]),
    },
  ];
}

function certificateCell(certificate: HostCertificate): Cell {
  switch (certificate.kind) {
    case "none":
      return plain("");
    case "default":
      return { text: "default", tone: "warning" };
    case "unknown":
      return plain(certificate.secret);
    case "secret": {
      const { daysLeft, namesHost, secret } = certificate;
      const bad = daysLeft < 0 || !namesHost;
      return { text: `${secret}, ${daysLeft} days`, tone: bad ? "bad" : daysLeft < 30 ? "warning" : "good" };
    }
  }
}

/** `45 min`, `3.5 h`, `4 days` of eight hours. */
export function renderMinutes(minutes: number): string {
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 16 * 60) return `${Math.round(minutes / 30) / 2} h`;
  return `${Math.round(minutes / 480)} days`;
}
