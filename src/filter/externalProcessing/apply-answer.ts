import type { HeaderMutation, ProcessingResponse } from "../../wire/ext-proc.ts";
import type { LocalReply } from "../contract/local-reply.ts";
import { page, problem } from "../contract/local-reply.ts";
import type { HeaderTarget, RequestHead, ResponseHead } from "../contract/message.ts";
import { applyAuthHeaders } from "../externalAuth/auth-verdict.ts";
import { isOwnField } from "../externalAuth/own-field.ts";

/** Changes headers; those that the gateway writes itself, and pseudo-headers, are passed over. */
export function applyMutation(target: HeaderTarget, { set, remove }: HeaderMutation): void {
  for (const name of remove) if (isChangeable(name)) target.removeHeader(name);
  applyAuthHeaders(
    target,
    set.filter(({ name }) => isChangeable(name)),
  );
}

/** Changes a request: its headers, and its path where `:path` is set. Method, scheme and host stay. */
export function applyToRequest(request: RequestHead, mutation: HeaderMutation): void {
  applyMutation(request, mutation);
  const path = mutation.set.findLast(({ name }) => name === ":path")?.value;
  if (path?.startsWith("/") !== true) return;
  const [spelled = "", ...query] = path.split("?");
  // What may not stand in a request line stands in no path.
  if (/[^!-~]|#/.test(path) || spelled.startsWith("//")) return;
  request.setPath(spelled);
  request.setQuery(query.join("?"));
}

function isChangeable(name: string): boolean {
  return !name.startsWith(":") && name !== "host" && !isOwnField(name);
}

/** The answer that a service gives itself. A status that is none of a final answer becomes 500. */
export function immediateReply(answer: Extract<ProcessingResponse, { readonly kind: "immediate" }>): LocalReply {
  const { mutation, body, grpcStatus } = answer;
  const status = answer.status === 0 ? 200 : answer.status;
  if (status < 200 || status > 599) return problem(500, "EPE", "The request could not be processed.");
  if (grpcStatus > 0 && grpcStatus <= 16 && status >= 400) {
    return { ...problem(status, "EPR", body.toString() || "The request was refused."), grpcStatus };
  }
  const headers = mutation.set.filter(({ name }) => isChangeable(name));
  const reply = page(
    status,
    headers.map(({ name, value }) => [name, value]),
    body,
  );
  return { ...reply, flag: "EPR" };
}

/** All headers of a message as a service is told them, pseudo-headers first. */
export function headersOf(
  pseudo: readonly (readonly [name: string, value: string])[],
  message: Pick<RequestHead | ResponseHead, "headerNames" | "header">,
): readonly (readonly [name: string, value: string])[] {
  const fields = message.headerNames().flatMap((name): [string, string][] => {
    const value = name === "host" ? undefined : message.header(name);
    return value === undefined ? [] : [[name, value]];
  });
  return [...pseudo, ...fields];
}
