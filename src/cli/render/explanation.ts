import { unreachable } from "../../base/unreachable.ts";
import type { Action } from "../../ir/action.ts";
import type { CandidateRoute, Explanation } from "../../ir/explain.ts";
import type { SourceRef } from "../../ir/source-ref.ts";
import type { Paint } from "./color.ts";
import { printable } from "./printable.ts";

export type ExplanationView = {
  readonly paint: Paint;
  /** `file:line` of a part of an object; `""` when it is not known. */
  readonly place: (from: SourceRef) => string;
  /** Also the listeners and routes that have nothing to do with the request's host. */
  readonly verbose: boolean;
};

/** An explanation for people: what serves the request, what is done to it, and what each of the others lacked. */
export function renderExplanation(explanation: Explanation, view: ExplanationView): string {
  const { request, outcome } = explanation;
  const { paint } = view;
  const query = request.query ? `?${request.query}` : "";
  const asked = `${request.method} ${request.scheme}://${request.host || "(no host)"}:${request.port}${request.path}${query}`;
  const lines = [paint("strong", printable(asked))];
  switch (outcome.kind) {
    case "rule":
      lines.push(...renderWinner(outcome, view));
      break;
    case "none": {
      const status =
        outcome.status === undefined ? "The TLS handshake is refused." : `The response is ${outcome.status}.`;
      lines.push(`  ${paint("error", "No route serves it.")} ${status}`, `  ${printable(outcome.sentence)}`);
      break;
    }
    default:
      unreachable(outcome);
  }
  lines.push(...renderListeners(explanation, view));
  lines.push(...renderOthers("Other routes of this host", explanation.others, view));
  if (explanation.othersLeftOut > 0) lines.push(`  and ${explanation.othersLeftOut} more`);
  if (view.verbose || outcome.kind === "none") {
    lines.push(...renderOthers("Routes elsewhere that would match", explanation.elsewhere, view));
  }
  return `${lines.join("\n")}\n`;
}

type Winner = Extract<Explanation["outcome"], { kind: "rule" }>;

function renderWinner(winner: Winner, view: ExplanationView): string[] {
  const { paint } = view;
  const lines = [
    `  ${paint("good", "Served by")} ${paint("strong", printable(winner.route))}${renderPlace(winner, view)}`,
    `  because   ${printable(winner.match)}${winner.hostname === "*" ? "" : `, for host ${printable(winner.hostname)}`}`,
  ];
  if (winner.before) lines.push(`  before    ${printable(`${winner.before.route}: ${winner.before.because}`)}`);
  return [...lines, ...renderPolicies(winner.action, view), ...renderAction(winner.action)];
}

/** A line for each field of a policy that is in force, with where it was written. */
function renderPolicies({ policies }: Action, { place }: ExplanationView): string[] {
  return policies
    .flatMap(({ from, fields }) =>
      fields.map((field) => {
        const written = place({ ...from, pointer: from.pointer + field });
        return `${from.kind} ${from.namespace}/${from.name}: ${field.slice(1).replaceAll("/", ".")}${written ? ` (${written})` : ""}`;
      }),
    )
    .map((line, index) => `  ${index === 0 ? "policies  " : "          "}${printable(line)}`);
}

function renderAction(action: Action): string[] {
  const lines = action.filters.map(
    ({ does }, index) => `  ${index === 0 ? "then      " : "          "}${printable(does)}`,
  );
  if (action.answer) {
    const location = action.answer.location ? ` with location ${action.answer.location}` : "";
    return [...lines, `  answer    ${action.answer.status}${printable(location)}: ${printable(action.answer.why)}`];
  }
  if (action.forwarded) {
    const { host, path, query } = action.forwarded;
    lines.push(`  forwarded ${printable(`as ${host}${path}${query ? `?${query}` : ""}`)}`);
  }
  action.backends.forEach((backend, index) => {
    const failing = backend.status === undefined ? "" : ` (answers ${backend.status})`;
    const filters = backend.filters.length > 0 ? `; ${backend.filters.join(", ")}` : "";
    lines.push(
      `  ${index === 0 ? "to        " : "          "}${printable(`${backend.percent}% ${backend.name}${failing}${filters}`)}`,
    );
  });
  action.limits.forEach((limit, index) => {
    lines.push(`  ${index === 0 ? "limits    " : "          "}${printable(limit)}`);
  });
  return lines;
}

function renderListeners({ listeners }: Explanation, { paint, verbose }: ExplanationView): string[] {
  const shown = verbose ? listeners : listeners.filter(({ chosen }) => chosen);
  return shown.map(({ gateway, name, protocol, port, hostname, chosen, why }) => {
    const words = `${chosen ? "Listener" : "Not listener"} ${gateway} ${name} (${protocol} ${port}, ${hostname}): ${why}.`;
    return `  ${chosen ? printable(words) : paint("faint", printable(words))}`;
  });
}

function renderOthers(title: string, others: readonly CandidateRoute[], view: ExplanationView): string[] {
  if (others.length === 0) return [];
  const rows = others.map((other) => {
    const why = other.lacks.length > 0 ? other.lacks.join("; ") : `matches too, but comes later: ${other.later ?? ""}`;
    return `  ${printable(other.route)}${renderPlace(other, view)}\n      ${view.paint("faint", printable(`${other.match}: ${why}`))}`;
  });
  return ["", view.paint("strong", title), ...rows];
}

function renderPlace({ from }: { readonly from: SourceRef }, { paint, place }: ExplanationView): string {
  const text = place(from);
  return text ? ` ${paint("faint", `(${printable(text)})`)}` : "";
}
