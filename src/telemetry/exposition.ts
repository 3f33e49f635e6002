/** Renders a registry for scrapers: Prometheus text 0.0.4 and OpenMetrics 1.0. */
import { HistogramFamily, type HistogramSeries, type ScalarFamily } from "./family.ts";
import type { Registry } from "./registry.ts";

export type ExpositionFormat = "prometheus" | "openmetrics";

export const expositionContentTypes = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
} as const satisfies Readonly<Record<ExpositionFormat, string>>;

/** Size at which a piece of the answer is handed out, so that a large scrape never holds the event loop for long. */
const pieceLength = 64 * 1024;

/** The format that an `Accept` header prefers; Prometheus text when it is absent or names neither. */
export function negotiateExposition(accept: string | undefined): ExpositionFormat {
  let openmetrics = 0;
  let text = 0;
  for (const range of (accept ?? "").slice(0, 4096).toLowerCase().split(",")) {
    const [type, ...parameters] = range.split(";").map((part) => part.trim());
    const q = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    const quality = q === undefined ? 1 : Number(q) || 0;
    if (type === "application/openmetrics-text") openmetrics = Math.max(openmetrics, quality);
    else if (type === "text/plain" || type === "text/*" || type === "*/*") text = Math.max(text, quality);
  }
  return openmetrics > 0 && openmetrics >= text ? "openmetrics" : "prometheus";
}

/** The exposition in pieces of about 64 KiB. Metrics without series are left out. */
export function* renderExposition(registry: Registry, format: ExpositionFormat): Generator<string, void, undefined> {
  registry.refresh();
  let piece = "";
  for (const family of Object.values<HistogramFamily | ScalarFamily>(registry.families)) {
    let header = renderHeader(family, format);
    for (const series of family.all()) {
      piece += header;
      header = "";
      piece +=
        family instanceof HistogramFamily
          ? renderHistogram(family, series as HistogramSeries, format)
          : `${family.name}${series.labels === "" ? "" : `{${series.labels}}`} ${renderNumber(family.values[series.index]!)}\n`;
      if (piece.length < pieceLength) continue;
      yield piece;
      piece = "";
    }
  }
  yield format === "openmetrics" ? `${piece}# EOF\n` : piece;
}

/** In OpenMetrics a counter's family is named without `_total`, and a unit may be stated where the name ends with it. */
function renderHeader(family: HistogramFamily | ScalarFamily, format: ExpositionFormat): string {
  const { type, help, unit } = family.row;
  if (format === "prometheus") {
    return `# HELP ${family.name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${family.name} ${type}\n`;
  }
  const name = type === "counter" ? family.name.replace(/_total$/, "") : family.name;
  const escaped = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
  const unitLine = unit !== "" && name.endsWith(`_${unit}`) ? `# UNIT ${name} ${unit}\n` : "";
  return `# TYPE ${name} ${type}\n${unitLine}# HELP ${name} ${escaped}\n`;
}

function renderHistogram(family: HistogramFamily, series: HistogramSeries, format: ExpositionFormat): string {
  const prefix = `${family.name}_bucket{${series.labels}${series.labels === "" ? "" : ","}le="`;
  const braces = series.labels === "" ? "" : `{${series.labels}}`;
  let text = "";
  let count = 0;
  for (let i = 0; i < family.bounds.length; i++) {
    count += series.countAt(i);
    text += `${prefix}${renderBound(family.bounds[i]!, format)}"} ${count}\n`;
  }
  count += series.countAt(family.bounds.length);
  return `${text}${prefix}+Inf"} ${count}\n${family.name}_sum${braces} ${renderNumber(series.sum)}\n${family.name}_count${braces} ${count}\n`;
}

/** OpenMetrics writes whole bounds as floats: `5.0`. */
function renderBound(bound: number, format: ExpositionFormat): string {
  return format === "openmetrics" && Number.isInteger(bound) ? `${bound}.0` : `${bound}`;
}

function renderNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return `${value}`;
}
