import { explainParameters, readExplainRequest } from "../admin/explain-request.ts";
import { AdminError, Parameters } from "../admin/parameters.ts";
import { UsageError } from "../base/usage-error.ts";
import { type Explanation, explain as explainRequest } from "../ir/explain.ts";
import type { SourceRef } from "../ir/source-ref.ts";
import { type Kind, kinds } from "../resource/kinds.ts";
import { resolveObject } from "../store/resolve-object.ts";
import type { Snapshot } from "../store/snapshot.ts";
import { readAdminToken } from "./admin-token.ts";
import { askAdmin } from "./ask-admin.ts";
import type { Command, CommandInput } from "./command.ts";
import { compileSnapshot, lacksServices } from "./compile-snapshot.ts";
import { explainStream, renderStream, type StreamScheme, streamScheme } from "./explain-stream.ts";
import { type FlagValues, initialFlags } from "./flags.ts";
import { normalizePathText } from "./normalize-path.ts";
import { readPaths } from "./read-paths.ts";
import { paintFor } from "./render/color.ts";
import { renderData } from "./render/data.ts";
import { renderExplanation } from "./render/explanation.ts";

/** `sluice explain`. */
export const explain: Command = async (input) => {
  const { flags, terminal } = input;
  const stream = streamScheme(flags);
  if (stream !== undefined) return explainConnectionOf(stream, input);
  const { explanation, place } =
    flags.adminUrl === undefined ? await explainPaths(input) : await explainRunning(flags, flags.adminUrl);
  const format = flags.output ?? "text";
  if (format === "json" || format === "yaml") terminal.out(renderData(explanation, format));
  else terminal.out(renderExplanation(explanation, { paint: paintFor(terminal), place, verbose: flags.verbose }));
  return explanation.outcome.kind === "rule" ? 0 : 1;
};

async function explainConnectionOf(scheme: StreamScheme, { args, flags, terminal }: CommandInput): Promise<0 | 1> {
  if (flags.adminUrl !== undefined || args.length === 0)
    throw new UsageError("Give the files to read: connections can be explained only from files.");
  const { snapshot } = await readPaths(args);
  const { routing, endpoints } = compileSnapshot("explain", snapshot, flags);
  const known = flags.stubBackends || lacksServices(snapshot, flags) ? undefined : endpoints;
  const explanation = explainStream(scheme, flags, { routing, endpoints: known });
  const format = flags.output ?? "text";
  terminal.out(format === "json" || format === "yaml" ? renderData(explanation, format) : renderStream(explanation));
  return explanation.outcome === "forwarded" || explanation.outcome === "http" ? 0 : 1;
}

type Explained = { readonly explanation: Explanation; readonly place: (from: SourceRef) => string };

async function explainPaths({ args, flags }: CommandInput): Promise<Explained> {
  if (args.length === 0) throw new UsageError("Give the files to read, or --admin URL to ask a running instance.");
  const { snapshot } = await readPaths(args);
  const { routing, endpoints } = compileSnapshot("explain", snapshot, flags);
  try {
    const request = readExplainRequest(new Parameters(requestParameters(flags), explainParameters), {
      model: routing,
      normalizePath: normalizePathText,
    });
    const known = flags.stubBackends || lacksServices(snapshot, flags) ? {} : { endpoints };
    return { explanation: explainRequest(routing, request, known), place: placeIn(snapshot) };
  } catch (error) {
    if (error instanceof AdminError) throw new UsageError(error.message);
    throw error;
  }
}

async function explainRunning(flags: FlagValues, address: string): Promise<Explained> {
  const token = flags.adminTokenFile === undefined ? undefined : await readAdminToken(flags.adminTokenFile);
  const answer = await askAdmin(address, `/explain?${requestParameters(flags)}`, token);
  if (!("explanation" in answer)) throw new UsageError(`${address} is not the admin endpoint of Sluice.`);
  return { explanation: answer.explanation as Explanation, place: () => "" };
}

/** The request that the flags describe, as the admin endpoint takes it; `--url` gives what the single flags do not. */
function requestParameters(flags: FlagValues): URLSearchParams {
  const url = flags.url === undefined ? undefined : parseUrl(flags.url);
  const host = flags.host ?? url?.hostname;
  if (host === undefined) throw new UsageError("Give the request with --url, or at least its --host.");
  const scheme = flags.scheme ?? url?.protocol.slice(0, -1);
  const port = flags.port ?? (url?.port ? Number(url.port) : undefined);
  const path = flags.url === undefined || flags.path !== initialFlags().path ? flags.path : targetOf(flags.url);
  const given: readonly (readonly [string, string | undefined])[] = [
    ["host", host],
    ["path", path],
    ["method", flags.method],
    ["scheme", scheme],
    ["port", port?.toString()],
    ...flags.header.map(({ name, value }) => ["header", `${name}:${value}`] as const),
  ];
  return new URLSearchParams(given.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** Path and query as written: the parser of URLs resolves dot segments and turns backslashes, which the gateway judges itself. */
function targetOf(url: string): string {
  const target = /^[^:]+:\/\/[^/?#]*([^#]*)/.exec(url)?.[1] ?? "";
  return target.startsWith("/") ? target : `/${target}`;
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new UsageError(`"${text}" is not a URL. Write it in full, such as http://shop.example.com/cart.`);
  }
  return url;
}

function placeIn(snapshot: Snapshot): (from: SourceRef) => string {
  return ({ kind: written, namespace, name, pointer }) => {
    const kind = written as Kind;
    const object = resolveObject(snapshot, kind, { group: kinds[kind].group, namespace: namespace || undefined, name });
    const position = object?.origin?.at(pointer);
    return position ? `${position.file}:${position.line}` : "";
  };
}
