import { complexities, type Inventory } from "../inventory.ts";
import { complexityWords, type Report, type ReportSection, reportOf } from "./report.ts";

/**
 * One page that needs nothing beside itself: no script, no request, light or dark as the reader's system is. What users wrote stands in
 * it as text.
 */
export function renderHtml(inventory: Inventory, madeAt: string): string {
  const report = reportOf(inventory);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(report.title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(report.title)}</h1>
<p class="faint">Made by <code>sluice migrate inventory</code> on ${escapeHtml(madeAt)}. Work is an estimate that ranks Ingresses.</p>
${renderFigures(report)}
${renderBar(inventory)}
<nav>${report.sections.map(({ title }, index) => `<a href="#section-${index}">${escapeHtml(title)}</a>`).join(" ")}</nav>
${report.sections.map(renderSection).join("\n")}
</main>
</body>
</html>
`;
}

function renderFigures({ figures }: Report): string {
  const items = figures.map(
    ({ label, value }) => `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd></div>`,
  );
  return `<dl class="figures">${items.join("")}</dl>`;
}

/** The shares of the classes as one bar, with a legend that does not need its colours. */
function renderBar({ summary }: Inventory): string {
  if (summary.ingresses === 0) return "";
  const shares = complexities.filter((name) => summary.complexity[name] > 0);
  const parts = shares.map((name) => `<span class="${name}" style="flex-grow:${summary.complexity[name]}"></span>`);
  const legend = complexities.map(
    (name) => `<li><span class="key ${name}"></span>${summary.complexity[name]} ${name}: ${complexityWords[name]}</li>`,
  );
  return `<div class="bar" role="img" aria-label="Ingresses by class">${parts.join("")}</div><ul class="legend">${legend.join("")}</ul>`;
}

function renderSection({ title, text, headers, rows }: ReportSection, index: number): string {
  const head = headers.map((header) => `<th scope="col">${escapeHtml(header)}</th>`).join("");
  const body = rows
    .map(
      (cells) =>
        `<tr>${cells.map(({ text: value, tone }) => `<td class="${tone}">${escapeHtml(value)}</td>`).join("")}</tr>`,
    )
    .join("\n");
  return `<section id="section-${index}">
<h2>${escapeHtml(title)} <small>${rows.length}</small></h2>
<p>${escapeHtml(text)}</p>
<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>
${body}
</tbody></table></div>
</section>`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}

const style = `
:root{color-scheme:light dark;--text:light-dark(#1c2024,#e6e8ea);--faint:light-dark(#5b6670,#9aa5af);--line:light-dark(#d9dee3,#38414a);
--back:light-dark(#fff,#15191d);--card:light-dark(#f5f7f9,#1e242a);--good:light-dark(#1a7f37,#4cc471);--warning:light-dark(#8a5a00,#e0a83a);
--bad:light-dark(#c1272d,#ff8078);--middle:light-dark(#2f6fb3,#6fb1f5)}
body{margin:0;background:var(--back);color:var(--text);font:15px/1.5 system-ui,sans-serif}
main{max-width:76rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.9rem;margin:0 0 .3rem}h2{font-size:1.25rem;margin:2.5rem 0 .3rem}small{color:var(--faint);font-weight:400}
.faint{color:var(--faint)}p{margin:.2rem 0 .8rem;max-width:60rem}
.figures{display:flex;flex-wrap:wrap;gap:.6rem;margin:1.2rem 0}.figures div{background:var(--card);border-radius:.5rem;padding:.5rem .9rem}
.figures dt{color:var(--faint);font-size:.85rem}.figures dd{margin:0;font-size:1.25rem;font-weight:600}
.bar{display:flex;height:1.1rem;border-radius:.5rem;overflow:hidden;gap:2px}.legend{list-style:none;padding:0;margin:.6rem 0 1rem}
.key{display:inline-block;width:.8rem;height:.8rem;border-radius:.2rem;margin-right:.5rem}
.bar .trivial,.key.trivial{background:var(--good)}.bar .policies,.key.policies{background:var(--middle)}
.bar .snippets,.key.snippets{background:var(--warning)}.bar .blocked,.key.blocked{background:var(--bad)}
nav{display:flex;flex-wrap:wrap;gap:.3rem 1rem}a{color:var(--middle)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .7rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere;min-width:4rem}
th{color:var(--faint);font-weight:600;white-space:nowrap}
td.good{color:var(--good)}td.warning{color:var(--warning)}td.bad{color:var(--bad);font-weight:600}
@media print{nav{display:none}.scroll{overflow:visible}}
`;
