import { differences, type IngressDifference } from "../../src/ingress/differences.ts";

const introduction = `# Where Sluice answers differently from ingress-nginx

Every answer of Sluice to a request for an Ingress was compared with that of ingress-nginx 1.15.1, for the 232 cases under
[test/migration/truth](../../test/migration/truth/README.md): \`npm run check:migration\` repeats it, and fails when an answer differs
in a way that this page does not name.
`;

/** \`docs/migration/differences.md\`. */
export function renderDifferences(): string {
  const sections = Object.entries<IngressDifference>(differences).map(([id, difference]) =>
    renderDifference(id, difference),
  );
  return [introduction, ...sections].join("\n");
}

function renderDifference(id: string, { title, nginx, sluice, why, finding }: IngressDifference): string {
  const named = finding === undefined ? "" : `| finding | \`${finding}\` |\n`;
  return `## ${title}

| \`${id}\` | |
| --- | --- |
| ingress-nginx | ${cell(nginx)} |
| Sluice | ${cell(sluice)} |
| why | ${cell(why)} |
${named}`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
