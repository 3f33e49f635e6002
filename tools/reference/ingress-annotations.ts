import type { AnnotationRow, Handling } from "../../src/ingress/annotation.ts";
import { locationFeatures, serverFeatures } from "../../src/ingress/features.ts";
import { type Becoming, renderBecoming } from "../../src/migrate/controllers/becoming.ts";
import { becomingOf, controllers } from "../../src/migrate/controllers/controllers.ts";
import { foreignKinds } from "../../src/migrate/controllers/foreign-kinds.ts";
import type { IngressController } from "../../src/migrate/controllers/ingress-controller.ts";
import { withoutEffect } from "../../src/migrate/controllers/ingress-nginx.ts";
import {
  becomingOfFlag,
  becomingOfKey,
  nginxFlagNames,
  nginxKeyNames,
} from "../../src/migrate/controllers/nginx-options.ts";

const rows = [...Object.values(locationFeatures), ...Object.values(serverFeatures)]
  .flatMap(({ annotations }: { readonly annotations: readonly AnnotationRow[] }) => annotations)
  .sort((one, other) => (one.name < other.name ? -1 : 1));

const handlingWords: Readonly<Record<Handling["kind"], string>> = {
  served: "served",
  partly: "in part",
  noEffect: "no effect",
  refused: "refused",
};

/** `docs/migration/annotations.md`: what becomes of all that ingress-nginx reads. */
export function renderIngressAnnotations(): string {
  const count = (kind: Handling["kind"]): number => rows.filter(({ handling }) => handling.kind === kind).length;
  const counts = (["served", "partly", "noEffect", "refused"] as const).map(
    (kind) => `${count(kind)} ${handlingWords[kind]}`,
  );
  return [
    "# Annotations and options of ingress-nginx",
    "Generated from the tables in `src/ingress/feature` and `src/migrate/controllers` by `npm run docs`.",
    `ingress-nginx 1.15 reads ${rows.length} annotations (\`nginx.ingress.kubernetes.io/…\`), some of them by two names. Served as Ingress, as they stand: ${counts.join(", ")}. "In part" says what is missing; "no effect" tunes nginx itself; "refused" is not served, and where it protects something, requests are refused. [differences.md](differences.md) names what is answered otherwise than ingress-nginx does.`,
    'The last column is what `sluice migrate convert` makes of it. "By hand" is named in its report.',
    table(
      ["annotation", "means", "served as Ingress", "converted to"],
      rows.map(({ name, aliases, means, handling }) => [
        [name, ...aliases].map((each) => `\`${each}\``).join(", "),
        means,
        handlingText(handling),
        converted(becomingOf("ingress-nginx", name)),
      ]),
    ),
    "## Annotations that have no effect",
    "Many people write these, and ingress-nginx 1.15 does not read them. `sluice migrate inventory` names them, and any other name that it does not know.",
    table(
      ["annotation", "because"],
      Object.entries(withoutEffect).map(([name, because]) => [`\`${name}\``, because]),
    ),
    "## Keys of the ConfigMap",
    "Keys with the name of an annotation are its default for all Ingresses, and become the same.",
    table(
      ["key", "converted to"],
      nginxKeyNames.map((key) => [`\`${key}\``, converted(becomingOfKey(key))]),
    ),
    "## Flags of the controller",
    "Those that clients notice.",
    table(
      ["flag", "converted to"],
      nginxFlagNames.map((flag) => [`\`--${flag}\``, converted(becomingOfFlag(flag))]),
    ),
  ]
    .join("\n\n")
    .concat("\n");
}

function handlingText(handling: Handling): string {
  const word = handlingWords[handling.kind];
  if (handling.kind === "partly") return `${word}: ${handling.lacks}`;
  if (handling.kind === "refused") return `${word}${handling.closed ? ", closed" : ""}: ${handling.because}`;
  return handling.kind === "noEffect" ? `${word}: ${handling.because}` : word;
}

function converted(becoming: Becoming | undefined): string {
  return becoming === undefined ? "" : renderBecoming(becoming);
}

/** The table of a controller's page. */
export function renderControllerAnnotations(controller: IngressController): string {
  return `${table(
    ["annotation", "what takes its place"],
    controller.annotations.map(({ name, becomes }) => [
      `\`${controller.prefixes[0]}${name}\``,
      renderBecoming(becomes),
    ]),
  )}\n`;
}

/** Kinds of the controllers that have some. */
export function renderForeignKinds(): string {
  return `${table(
    ["controller", "kind", "what takes its place"],
    [...Map.groupBy(foreignKinds, ({ controller, kind }) => `${controller} ${kind}`).values()].flatMap((same) =>
      same
        .slice(0, 1)
        .map(({ controller, kind, becomes }) => [
          controllers[controller].title,
          `\`${kind}\` (${same.map(({ group }) => group).join(", ")})`,
          renderBecoming(becomes),
        ]),
    ),
  )}\n`;
}

function table(headers: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(headers), line(headers.map(() => "---")), ...body.map(line)].join("\n");
}
