/**
 * What makes a request or response well-formed in HTTP/2: RFC 9113 section 8. Whatever could mean something else after a
 * downgrade to HTTP/1.1 is refused, never dropped.
 */
import { connectionFields } from "../http1/known-field.ts";
import type { HeaderField } from "./hpack-table.ts";

export type RequestMessage = {
  readonly method: string;
  readonly scheme: string;
  /** `:authority`, else `Host`; `""` when there is neither. */
  readonly authority: string;
  /** `""` for CONNECT without `:protocol`. */
  readonly path: string;
  /** `:protocol` of extended CONNECT (RFC 8441). */
  readonly protocol: string | undefined;
  /** Without pseudo-headers, `host`, and `cookie` crumbs, which are joined into one at the end. RFC 9113 section 8.2.3. */
  readonly fields: readonly HeaderField[];
  /** -1: not announced. */
  readonly contentLength: number;
};

export type ResponseMessage = {
  readonly status: number;
  readonly fields: readonly HeaderField[];
  readonly contentLength: number;
};

/** A reason why the message is malformed, for logs. */
export type Malformed = { readonly malformed: string };

const namePattern = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** Latin-1 without controls; no white space at either end. */
const valuePattern = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;
const colon = 58;
const methodPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Checks a regular field; the reason when it is malformed. */
function fieldFault(field: HeaderField): string | undefined {
  if (field.checked === true) return undefined;
  if (!namePattern.test(field.name)) return "a field name is not a lower-case token";
  if (!valuePattern.test(field.value)) return `the value of ${field.name} has characters that are not allowed`;
  if (field.name === "te") {
    if (field.value !== "trailers") return "te may only be trailers";
  } else if (connectionFields.has(field.name)) return `${field.name} is not allowed in HTTP/2`;
  field.checked = true;
  return undefined;
}

/** The announced length; -2 when it is malformed or contradicts an earlier one. */
function joinContentLength(before: number, value: string): number {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(value) || Number(value) > Number.MAX_SAFE_INTEGER) return -2;
  return before === -1 ? Number(value) : -2;
}

/** Pseudo-headers of a message, by name without the colon. */
type Pseudo = {
  method?: string;
  scheme?: string;
  authority?: string;
  path?: string;
  protocol?: string;
  status?: string;
};

const requestPseudo: ReadonlyMap<string, keyof Pseudo> = new Map([
  [":method", "method"],
  [":scheme", "scheme"],
  [":authority", "authority"],
  [":path", "path"],
  [":protocol", "protocol"],
]);
const responsePseudo: ReadonlyMap<string, keyof Pseudo> = new Map([[":status", "status"]]);

type Parts = { readonly pseudo: Pseudo; readonly fields: HeaderField[]; readonly contentLength: number };

/** Splits a block into pseudo-headers, which come first and once each, and the rest. */
function separate(block: readonly HeaderField[], allowed: ReadonlyMap<string, keyof Pseudo>): Parts | Malformed {
  const pseudo: Pseudo = {};
  const fields: HeaderField[] = [];
  let contentLength = -1;
  for (let i = 0; i < block.length; i++) {
    const field = block[i]!;
    if (field.name.charCodeAt(0) === colon) {
      const name = allowed.get(field.name);
      if (fields.length > 0) return { malformed: "a pseudo-header stands behind a field" };
      if (name === undefined) return { malformed: "an unknown pseudo-header" };
      if (pseudo[name] !== undefined) return { malformed: `${field.name} stands twice` };
      if (field.checked !== true && !valuePattern.test(field.value)) {
        return { malformed: `${field.name} has characters that are not allowed` };
      }
      field.checked = true;
      pseudo[name] = field.value;
      continue;
    }
    const fault = fieldFault(field);
    if (fault !== undefined) return { malformed: fault };
    if (field.name === "content-length") {
      contentLength = joinContentLength(contentLength, field.value);
      if (contentLength === -2) return { malformed: "content-length is malformed or stands twice" };
    }
    fields.push(field);
  }
  return { pseudo, fields, contentLength };
}

/** Reads a request's header block. RFC 9113 section 8.3.1; RFC 8441 for `:protocol`. */
export function readRequest(block: readonly HeaderField[]): RequestMessage | Malformed {
  const parts = separate(block, requestPseudo);
  if ("malformed" in parts) return parts;
  const { method, scheme, path, protocol } = parts.pseudo;
  if (method === undefined || !methodPattern.test(method)) return { malformed: ":method is missing or not a token" };
  if (protocol !== undefined && method !== "CONNECT") return { malformed: ":protocol without CONNECT" };
  if (method === "CONNECT" && protocol === undefined) {
    if (scheme !== undefined || path !== undefined) return { malformed: "CONNECT with :scheme or :path" };
  } else {
    if (scheme !== "http" && scheme !== "https") return { malformed: ":scheme is neither http nor https" };
    const asterisk = path === "*" && method === "OPTIONS";
    if (path === undefined || !(path.startsWith("/") || asterisk))
      return { malformed: ":path is missing or does not begin with /" };
    if (/[^\x21-\x7e]/.test(path) || path.includes("#"))
      return { malformed: ":path has characters that are not allowed" };
  }
  const { fields, host, cookie } = regularFields(parts.fields);
  if (host === "twice") return { malformed: "host stands twice" };
  const { authority } = parts.pseudo;
  if (authority !== undefined && host !== undefined && authority.toLowerCase() !== host.value.toLowerCase()) {
    return { malformed: "host differs from :authority" };
  }
  if (cookie !== "") fields.push({ name: "cookie", value: cookie });
  return {
    method,
    scheme: scheme ?? "",
    authority: authority ?? host?.value ?? "",
    path: path ?? "",
    protocol,
    fields,
    contentLength: parts.contentLength,
  };
}

type RegularFields = {
  /** Without `host` and `cookie`. */
  readonly fields: HeaderField[];
  readonly host: HeaderField | "twice" | undefined;
  /** Of all crumbs. */
  readonly cookie: string;
};

function regularFields(all: HeaderField[]): RegularFields {
  if (!all.some(({ name }) => name === "host" || name === "cookie"))
    return { fields: all, host: undefined, cookie: "" };
  const fields: HeaderField[] = [];
  let host: RegularFields["host"];
  let cookie = "";
  for (const field of all) {
    if (field.name === "host") host = host === undefined ? field : "twice";
    else if (field.name === "cookie") cookie = cookie === "" ? field.value : `${cookie}; ${field.value}`;
    else fields.push(field);
  }
  return { fields, host, cookie };
}

/** Reads a response's header block. RFC 9113 section 8.3.2. 101 does not exist in HTTP/2. */
export function readResponse(block: readonly HeaderField[]): ResponseMessage | Malformed {
  const parts = separate(block, responsePseudo);
  if ("malformed" in parts) return parts;
  const { pseudo, fields, contentLength } = parts;
  const status = pseudo.status ?? "";
  if (!/^[1-5][0-9][0-9]$/.test(status) || status === "101") return { malformed: ":status is missing or out of range" };
  return { status: Number(status), fields, contentLength };
}

/** Checks a trailer block: fields only. The reason when it is malformed. RFC 9113 section 8.1. */
export function trailersFault(block: readonly HeaderField[]): string | undefined {
  for (const field of block) {
    if (field.name.startsWith(":")) return "a pseudo-header in trailers";
    const fault = fieldFault(field);
    if (fault !== undefined) return fault;
    if (field.name === "content-length" || field.name === "host") return `${field.name} is not allowed in trailers`;
  }
  return undefined;
}
