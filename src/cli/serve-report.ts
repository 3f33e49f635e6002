import { renderSocketAddress, type SocketAddress } from "../base/socket-address.ts";
import type { Configuration, ControlState } from "../control/control-state.ts";
import { diffGenerations, renderDiff } from "../control/generation-diff.ts";
import type { Finding } from "../finding/finding.ts";
import { countRules } from "../ir/count-rules.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Terminal } from "./command.ts";
import type { FlagValues } from "./flags.ts";
import { paintFor } from "./render/color.ts";
import { countFindings, renderCounts, renderRef } from "./render/findings.ts";
import { printable } from "./render/printable.ts";
import { renderTable } from "./render/table.ts";

export type ServeReportOptions = {
  readonly terminal: Terminal;
  readonly log: Logger;
  readonly flags: Pick<FlagValues, "adoptClasses" | "logFormat" | "quiet" | "verbose">;
  /** As typed, to name the command that says more. */
  readonly paths: readonly string[];
};

/** A listener that serves, and where. */
export type ServingListener = {
  /** `namespace/name`. */
  readonly gateway: string;
  readonly listener: string;
  readonly protocol: string;
  /** As the Gateway writes it. */
  readonly port: number;
  readonly hostname: string;
  readonly address: string;
  /** As bound: `--map-port` applied. */
  readonly localPort: number;
};

/** Findings that are listed one by one before the rest is only counted. */
const listedFindings = 20;

/** Tells the person or program that started `run` what is served, and what each reload changed. */
export class ServeReport {
  readonly #options: ServeReportOptions;
  #before: Configuration | undefined;

  constructor(options: ServeReportOptions) {
    this.#options = options;
  }

  /** The first configuration is in force: what is wrong with it, then where it is served. */
  opening(configuration: Configuration, admin: SocketAddress | undefined): void {
    this.#before = configuration;
    const { flags, log, terminal } = this.#options;
    const listeners = servingListeners(configuration);
    this.#tellFindings(configuration.findings);
    if (flags.logFormat === "json") {
      log.info(`Serving ${listeners.length} listeners.`, {
        event: "ready",
        generation: configuration.generation,
        listeners,
        ...(admin ? { admin: renderSocketAddress(admin) } : {}),
      });
      return;
    }
    if (!flags.quiet) terminal.err(renderOpening(configuration, { listeners, admin }));
  }

  /** A turn of the control loop ended; `tookMs` is its compilation and swap. */
  reload(state: ControlState, tookMs: number): void {
    const { configuration, failure } = state;
    const before = this.#before;
    if (failure || !configuration || !before || configuration.generation === before.generation) return;
    this.#before = configuration;
    const { flags, log } = this.#options;
    const diff = diffGenerations(
      { routing: before.result.routing, findings: before.findings },
      { routing: configuration.result.routing, findings: configuration.findings },
    );
    const relevant = configuration.findings.filter(({ severity }) => severity !== "info");
    const codes = [...new Set(relevant.map(({ code }) => code))].sort().join(", ");
    const findings = `${renderCounts(countFindings(relevant))}${codes ? ` (${codes})` : ""}`;
    const fields = {
      event: "reloaded",
      generation: configuration.generation,
      added: diff.added,
      removed: diff.removed,
      changed: diff.changed,
      findings: relevant.length,
      tookMs: Math.round(tookMs),
    };
    const message = `generation ${configuration.generation}: ${renderDiff(diff)}, ${findings} in ${fields.tookMs} ms`;
    log.info(message, flags.logFormat === "json" ? fields : {});
    this.#tellFindings(diff.newFindings);
  }

  /** One line each: what is worth a line here, the rest is for `sluice check`. */
  #tellFindings(findings: readonly Finding[]): void {
    const { log, terminal, paths } = this.#options;
    const { adoptClasses, logFormat: format, quiet, verbose } = this.#options.flags;
    const relevant = findings.filter(
      ({ severity }) => severity === "error" || (quiet ? false : severity === "warning" || verbose),
    );
    for (const finding of relevant.slice(0, listedFindings)) {
      const { severity, code, position } = finding;
      const place = position ? `${position.file}:${position.line}:${position.column}` : "";
      if (format === "json") {
        const fields = { event: "finding", code, object: renderRef(finding.object), place, fix: finding.fix };
        if (severity === "error") log.error(finding.message, fields);
        else log.warn(finding.message, fields);
        continue;
      }
      const head = paintFor({ color: terminal.errColor })(severity, `${severity}[${code}]`);
      const subject = finding.object.name ? `${renderRef(finding.object)}: ` : "";
      terminal.err(`${head} ${subject}${printable(finding.message)}${place ? ` (${printable(place)})` : ""}\n`);
    }
    if (relevant.length === 0 || format === "json" || quiet) return;
    const more = relevant.length - listedFindings;
    const command = `sluice check ${adoptClasses ? "--adopt-classes " : ""}${paths.map(printable).join(" ")}`;
    terminal.err(
      `${more > 0 ? `and ${more} more; ` : ""}${command} says how to fix ${relevant.length === 1 ? "it" : "them"}.\n\n`,
    );
  }
}

/** Every listener that the plane programmed, in the order of the model. */
export function servingListeners({ result, report }: Configuration): readonly ServingListener[] {
  return result.routing.gateways.flatMap((gateway) =>
    gateway.listeners.flatMap((listener) => {
      const bound = report.listeners[listener.key];
      if (bound?.state !== "programmed") return [];
      const { name, protocol, port, hostname } = listener;
      return [
        {
          gateway: gateway.key,
          listener: name,
          protocol,
          port,
          hostname,
          address: bound.address,
          localPort: bound.port,
        },
      ];
    }),
  );
}

/** Where clients reach a listener, as a URL for HTTP. */
export function renderAddress({ protocol, address, localPort }: ServingListener): string {
  const host = address === "0.0.0.0" || address === "::" ? "localhost" : address;
  const scheme = protocol === "HTTP" ? "http" : protocol === "HTTPS" ? "https" : protocol.toLowerCase();
  return `${scheme}://${renderSocketAddress({ host, port: localPort })}`;
}

type Opening = { readonly listeners: readonly ServingListener[]; readonly admin: SocketAddress | undefined };

function renderOpening(configuration: Configuration, { listeners, admin }: Opening): string {
  const { routing } = configuration.result;
  const rules = countRules(routing);
  const head =
    listeners.length === 0
      ? "No listener is open yet; Sluice waits for the files to change.\n"
      : `Serving ${rules} ${rules === 1 ? "rule" : "rules"}:\n\n${renderTable(
          ["ADDRESS", "GATEWAY", "LISTENER", "HOSTNAME"],
          listeners.map((row) => [renderAddress(row), row.gateway, row.listener, row.hostname || "*"].map(printable)),
        )}`;
  return `${head}${admin ? `\nAdmin endpoint: http://${renderSocketAddress(admin)}\n` : ""}`;
}
