import { type Cidr, cidrContains } from "../base/cidr.ts";
import { TOKEN } from "./http1/ascii.ts";
import { hostNameEnd, parseHostPort } from "./http1/host.ts";

/** Entries read of a forwarding list. A longer list is not believed. */
const MAX_ENTRIES = 32;
const MAX_LIST_CHARACTERS = 8_192;

/** Which proxies in front of the gateway are believed. */
export type ForwardedTrust = {
  /** Proxies between the clients and the gateway whose word counts. Default 0: nobody's. */
  readonly trustedHops: number;
  /** The one list those proxies maintain. The other is dropped: a client could have written it. */
  readonly source: "x-forwarded-for" | "forwarded";
  /** Networks of proxies whose X-Forwarded-For counts, whatever their number. Empty: `trustedHops` counts. */
  readonly networks: readonly Cidr[];
  /** Lower-case header that names the client's address, before anything else; with `networks`, their list. `""`: none. */
  readonly header: string;
};

export const trustNobody: ForwardedTrust = { trustedHops: 0, source: "x-forwarded-for", networks: [], header: "" };

/** Whether anything that a peer says of its client is believed. */
export function believes({ trustedHops, networks, header }: ForwardedTrust, peerAddress: string): boolean {
  if (networks.length > 0) return isWithin(networks, peerAddress);
  return trustedHops > 0 || header !== "";
}

/** Whether X-Forwarded-Host, -Proto and -Port of believed proxies count beside the client's address. */
export function tellsOfUrls({ source, networks, header }: ForwardedTrust): boolean {
  return source === "x-forwarded-for" && (header === "" || networks.length > 0);
}

/** Forwarding headers as they came; several lines of one name joined with `, `. */
export type ForwardedFields = {
  readonly xForwardedFor: string | undefined;
  readonly xForwardedProto: string | undefined;
  readonly xForwardedHost: string | undefined;
  readonly forwarded: string | undefined;
  /** Value of the trust's own header. */
  readonly named: string | undefined;
};

/** What the gateway itself sees of the connection. */
export type DirectPeer = {
  /** IP address, IPv6 without brackets. */
  readonly address: string;
  readonly scheme: "http" | "https";
  /** Host header, with port if it has one. */
  readonly host: string;
};

/** Who asked, as far as the trusted proxies tell, and what to say upstream. */
export type ForwardedView = {
  readonly clientAddress: string;
  readonly scheme: "http" | "https";
  readonly host: string;
  /** Value of X-Forwarded-For to send: the believed list, if any, and the peer. */
  readonly xForwardedFor: string;
  /** Value of Forwarded to send, likewise. RFC 7239. */
  readonly forwarded: string;
};

/**
 * Finds the client behind trusted proxies. The peer is hop 1, so with N trusted hops the client is the N-th entry from the right;
 * entries left of it are the client's own claims and are passed on as such. A list that is too short, too long or malformed is
 * dropped whole and the peer is the client: that errs towards blaming the proxy, never towards believing a stranger. With
 * networks, the client is the first entry from the right that is in none of them, or the leftmost where all are.
 */
export function readForwarded(trust: ForwardedTrust, fields: ForwardedFields, peer: DirectPeer): ForwardedView {
  const own = renderElement(peer);
  const direct: ForwardedView = {
    clientAddress: peer.address,
    scheme: peer.scheme,
    host: peer.host,
    xForwardedFor: peer.address,
    forwarded: own,
  };
  if (!believes(trust, peer.address)) return direct;
  if (trust.header !== "" && trust.networks.length === 0) return fromNamed(fields.named, direct);
  return trust.source === "forwarded" ? fromForwarded(trust, fields, direct) : fromXForwarded(trust, fields, direct);
}

function fromXForwarded(trust: ForwardedTrust, fields: ForwardedFields, direct: ForwardedView): ForwardedView {
  const list = trust.header === "" ? fields.xForwardedFor : fields.named;
  const entries = list === undefined ? undefined : splitList(list);
  const address = entries === undefined ? undefined : chooseClient(trust, entries);
  const believed = {
    ...direct,
    scheme: parseScheme(fields.xForwardedProto) ?? direct.scheme,
    host: parseHost(fields.xForwardedHost) ?? direct.host,
  };
  if (entries === undefined || address === undefined) return believed;
  return {
    ...believed,
    clientAddress: address,
    xForwardedFor: `${entries.join(", ")}, ${direct.xForwardedFor}`,
  };
}

/** The entry that is the client; `undefined` when the list does not reach so far, or has no address there. */
function chooseClient({ trustedHops, networks }: ForwardedTrust, entries: readonly string[]): string | undefined {
  if (networks.length === 0) return parseNodeAddress(entries.at(-trustedHops) ?? "");
  let address: string | undefined;
  for (const entry of entries.toReversed()) {
    address = parseNodeAddress(entry);
    if (address === undefined || !isWithin(networks, address)) return address;
  }
  return address;
}

function isWithin(networks: readonly Cidr[], address: string): boolean {
  return networks.some((network) => cidrContains(network, address));
}

function fromNamed(named: string | undefined, direct: ForwardedView): ForwardedView {
  const address = parseNodeAddress(named ?? "");
  if (address === undefined) return direct;
  return { ...direct, clientAddress: address, xForwardedFor: `${address}, ${direct.xForwardedFor}` };
}

function fromForwarded(trust: ForwardedTrust, fields: ForwardedFields, direct: ForwardedView): ForwardedView {
  const elements = fields.forwarded === undefined ? undefined : parseForwarded(fields.forwarded);
  const chosen = elements?.at(-trust.trustedHops);
  if (elements === undefined || chosen === undefined || elements.length < trust.trustedHops) return direct;
  const address = parseNodeAddress(chosen.for ?? "");
  if (address === undefined) return direct;
  return {
    ...direct,
    clientAddress: address,
    scheme: parseScheme(chosen.proto) ?? direct.scheme,
    host: parseHost(chosen.host) ?? direct.host,
    xForwardedFor: `${address}, ${direct.xForwardedFor}`,
    forwarded: `${fields.forwarded}, ${direct.forwarded}`,
  };
}

/** One element of a Forwarded header, values unquoted. Unknown parameters are left out. */
export type ForwardedElement = {
  readonly for?: string;
  readonly by?: string;
  readonly host?: string;
  readonly proto?: string;
};

/**
 * Reads a Forwarded header, oldest element first. `undefined` when any part is malformed, a parameter is repeated in an element,
 * or there are more than 32 elements. RFC 7239 §4.
 */
export function parseForwarded(value: string): readonly ForwardedElement[] | undefined {
  if (value.length > MAX_LIST_CHARACTERS) return undefined;
  const elements: ForwardedElement[] = [];
  let element: Record<string, string> = {};
  let at = 0;
  for (;;) {
    at = skipSpace(value, at);
    const nameEnd = tokenEnd(value, at);
    const name = value.slice(at, nameEnd).toLowerCase();
    if (name === "" || value[nameEnd] !== "=" || Object.hasOwn(element, name)) return undefined;
    const parsed = readValue(value, nameEnd + 1);
    if (parsed === undefined) return undefined;
    element[name] = parsed.text;
    at = skipSpace(value, parsed.end);
    if (at < value.length && value[at] !== "," && value[at] !== ";") return undefined;
    if (value[at] !== ";") {
      elements.push(pickParameters(element));
      if (elements.length > MAX_ENTRIES) return undefined;
      element = {};
    }
    if (at >= value.length) return elements;
    at++;
  }
}

function pickParameters(parameters: Readonly<Record<string, string>>): ForwardedElement {
  const { for: node, by, host, proto } = parameters;
  return {
    ...(node !== undefined && { for: node }),
    ...(by !== undefined && { by }),
    ...(host !== undefined && { host }),
    ...(proto !== undefined && { proto }),
  };
}

function readValue(text: string, start: number): { text: string; end: number } | undefined {
  if (text[start] !== '"') {
    const end = tokenEnd(text, start);
    return end === start ? undefined : { text: text.slice(start, end), end };
  }
  let unquoted = "";
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '"') return { text: unquoted, end: i + 1 };
    if (text[i] === "\\") i++;
    unquoted += text[i] ?? "";
  }
  return undefined;
}

function tokenEnd(text: string, start: number): number {
  let i = start;
  while (i < text.length && TOKEN[text.charCodeAt(i)] === 1) i++;
  return i;
}

function skipSpace(text: string, start: number): number {
  let i = start;
  while (text[i] === " " || text[i] === "\t") i++;
  return i;
}

/**
 * The address in `1.2.3.4`, `1.2.3.4:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`; `undefined` for anything else,
 * so also for `unknown` and obfuscated names. IPv6 comes without brackets, in lower case. RFC 7239 §6.
 */
export function parseNodeAddress(node: string): string | undefined {
  const bracketed = Buffer.from(`[${node}]`, "latin1");
  if (hostNameEnd(bracketed, 0, bracketed.length) === bracketed.length) return node.toLowerCase();
  const parsed = parseHostPort(node);
  if (parsed === undefined) return undefined;
  if (parsed.host.startsWith("[")) return parsed.host.slice(1, -1);
  return isIpv4(parsed.host) ? parsed.host : undefined;
}

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return (
    parts.length === 4 &&
    parts.every((part) => String(Number(part)) === part && Number(part) >= 0 && Number(part) <= 255)
  );
}

function parseScheme(value: string | undefined): "http" | "https" | undefined {
  const scheme = value?.toLowerCase();
  return scheme === "http" || scheme === "https" ? scheme : undefined;
}

function parseHost(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  return parseHostPort(value) === undefined ? undefined : value.toLowerCase();
}

function splitList(list: string): readonly string[] | undefined {
  if (list.length > MAX_LIST_CHARACTERS) return undefined;
  const entries = list.split(",", MAX_ENTRIES + 1).map((entry) => entry.trim());
  return entries.length > MAX_ENTRIES || entries.includes("") ? undefined : entries;
}

/** The element that this gateway adds. */
function renderElement(peer: DirectPeer): string {
  const node = peer.address.includes(":") ? `"[${peer.address}]"` : peer.address;
  const host =
    peer.host === "" ? "" : `;host=${tokenEnd(peer.host, 0) === peer.host.length ? peer.host : `"${peer.host}"`}`;
  return `for=${node}${host};proto=${peer.scheme}`;
}
