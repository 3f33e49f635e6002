/** What goes wrong between us and an API server, in words. Nothing of what was sent is repeated but the path. */
import { STATUS_CODES } from "node:http";
import { KubeError } from "./kube-client.ts";

/** What was asked of which server: `list httproutes`, `https://10.0.0.1:443`. */
export type Asked = { readonly what: string; readonly server: string };

type StatusObject = {
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly code?: unknown;
  readonly details?: { readonly retryAfterSeconds?: unknown };
};

/** The error for an answer that is none of 2xx. `body` is a `Status` or anything else. Spec: metav1.Status. */
export function refusedError(
  asked: Asked,
  answer: { readonly status: number; readonly retryAfter?: string; readonly body: string },
): KubeError {
  const status = statusOf(answer.body);
  return statusError(asked, status, { status: answer.status, ...retryAfterOf(answer.retryAfter, status) });
}

/** The error for an `ERROR` event of a watch, whose object is a `Status`. */
export function watchError(asked: Asked, object: unknown): KubeError {
  const status = (typeof object === "object" && object !== null ? object : {}) as StatusObject;
  const code = typeof status.code === "number" ? status.code : 500;
  return statusError(asked, status, { status: code, ...retryAfterOf(undefined, status) });
}

/**
 * A refusal (401, 403) by a server that has just come back, as of one that cannot answer yet (503, `Starting`): until it has read
 * roles and bindings, it refuses everybody everything.
 */
export function startingError({ message, serverMessage }: KubeError): KubeError {
  return new KubeError(`${message} (the API server has just started).`.replace(/\. \(/, " ("), {
    status: 503,
    reason: "Starting",
    serverMessage,
  });
}

/** The error for no answer, or one that broke off. */
export function unreachableError(asked: Asked, error: unknown): KubeError {
  if (error instanceof KubeError) return error;
  const message = `Cannot ${asked.what} at ${asked.server}: ${causeInWords(error)}.`;
  return new KubeError(message, { status: 0, cause: error });
}

/** The error for an answer that we did not take in: `reason` is `AnswerTooLarge`, which a shorter page cures. */
export function tooLargeError({ what, server }: Asked, limitBytes: number): KubeError {
  const message = `Cannot ${what} at ${server}: its answer is longer than ${limitBytes} bytes.`;
  return new KubeError(message, { status: 0, reason: "AnswerTooLarge" });
}

/** The error for an answer that is not what the API promises: `reason` is `Malformed`. */
export function malformedError({ what, server }: Asked, how: string): KubeError {
  return new KubeError(`Cannot ${what} at ${server}: ${how}.`, { status: 0, reason: "Malformed" });
}

function statusError(
  { what, server }: Asked,
  { message, reason }: StatusObject,
  answer: { readonly status: number; readonly retryAfterMs?: number },
): KubeError {
  const serverMessage = typeof message === "string" ? message.slice(0, 1000) : "";
  const said = serverMessage === "" ? "" : `: ${serverMessage}`;
  return new KubeError(
    `Cannot ${what}: ${server} answered ${answer.status} ${STATUS_CODES[answer.status] ?? ""}`.trimEnd() + said,
    { ...answer, reason: typeof reason === "string" ? reason : "", serverMessage },
  );
}

function statusOf(body: string): StatusObject {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // A proxy in between answers in HTML or text, of which the status says enough.
  }
  return {};
}

function retryAfterOf(header: string | undefined, { details }: StatusObject): { readonly retryAfterMs?: number } {
  const fromHeader = header === undefined ? Number.NaN : Number(header);
  const seconds = Number.isFinite(fromHeader) ? fromHeader : details?.retryAfterSeconds;
  return typeof seconds === "number" && seconds > 0 ? { retryAfterMs: seconds * 1000 } : {};
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there (connection refused)",
  ECONNRESET: "the connection was cut",
  EPIPE: "the connection was cut",
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "its name could not be looked up",
  EHOSTUNREACH: "there is no way to that address",
  ENETUNREACH: "there is no way to that address",
  ETIMEDOUT: "it did not answer in time",
  UND_ERR_SOCKET: "the connection was cut",
  UND_ERR_CONNECT_TIMEOUT: "it did not answer in time",
  UND_ERR_HEADERS_TIMEOUT: "it did not answer in time",
  UND_ERR_BODY_TIMEOUT: "its answer stopped half way",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is not signed by an authority that is trusted here",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is not signed by an authority that is trusted here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is not signed by an authority that is trusted here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is not signed by an authority that is trusted here",
  CERT_HAS_EXPIRED: "its certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
};

function causeInWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "it did not answer in time";
  if (error.name === "AbortError") return "it was called off";
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const code = first instanceof Error && "code" in first ? String(first.code) : "";
  return words[code] ?? (first instanceof Error ? first.message : error.message).replace(/\.$/, "");
}
