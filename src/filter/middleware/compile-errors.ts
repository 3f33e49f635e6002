import type { FilterPartScope } from "../../compile/route/part-scope.ts";
import type { OverrideRow } from "../../ir/filter.ts";
import type { CompilePart, MiddlewareSpec } from "./compile-part.ts";

type Service = NonNullable<NonNullable<MiddlewareSpec["errors"]>["service"]>;

/** How long the service may take, and the largest page that it may answer with. */
const timeoutMs = 2_000;
const maxPageBytes = 1_048_576;

/** The page of a Service in place of an answer's content; the answer's status stays. Spec: Errors of Traefik. */
export const compileErrors: CompilePart<"errors"> = ({ status = [], service = {}, query = "" }, scope) => {
  if (!/^[!-~]*$/.test(query)) {
    const message = "The path has characters that a request cannot hold.";
    return scope.mistake("/query", { message, fix: "Percent-encode them." });
  }
  const statuses = compileStatuses(status, scope);
  const backend = backendOf(service, scope);
  if (statuses === undefined || backend === undefined) return undefined;
  const action = {
    kind: "errorPage",
    cluster: scope.resolveBackend(backend, "/service", "http"),
    path: `/${query.replace(/^\//, "")}`,
    manner: "traefik",
    tells: [],
    timeoutMs,
    maxBytes: maxPageBytes,
  } as const;
  return [{ kind: "responseOverride", rows: [{ statuses, headers: [], source: "all", action }] }];
};

/** Statuses, and ranges of them, each entry one or several with commas between them. */
function compileStatuses(texts: readonly string[], scope: FilterPartScope): OverrideRow["statuses"] | undefined {
  const strange = texts.findIndex((text) => !/^[1-5]\d\d(-[1-5]\d\d)?(,[1-5]\d\d(-[1-5]\d\d)?)*$/.test(text));
  if (strange >= 0) {
    const message = `${JSON.stringify(texts[strange])} is no status or range of them.`;
    return scope.mistake(`/status/${strange}`, { message, fix: "Write such as `404` or `500-599`." });
  }
  return texts
    .flatMap((text) => text.split(","))
    .map((text) => {
      const [from, to] = text.split("-").map(Number);
      return { from: from!, to: to ?? from! };
    });
}

function backendOf({ kind = "Service", name = "", namespace, port }: Service, scope: FilterPartScope) {
  if (kind !== "Service" || name === "") {
    const message = kind === "Service" ? "There is no name of a Service." : `${kind} is a kind of Traefik's own.`;
    return scope.mistake("/service", { message, fix: "Name a Service." });
  }
  const number = Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) {
    const message = port === undefined ? "There is no port." : `${JSON.stringify(port)} is not the number of a port.`;
    return scope.mistake("/service/port", { message, fix: "Write the number of the Service's port." });
  }
  return { group: "", kind, name, port: number, ...(namespace === undefined ? {} : { namespace }) };
}
