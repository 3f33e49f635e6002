/**
 * What controllers and proxies say to each other: one POST over HTTP/2, JSON lines in both directions. The path carries the
 * version; a message that this version does not know is an error.
 */
import type { EndpointTable } from "../ir/endpoint-table.ts";
import type { ConfirmedListener } from "../ir/plane.ts";
import type { ListenerKey, RoutingModel } from "../ir/routing-model.ts";
import type { ExportedSecrets } from "../ir/secret-table.ts";
import type { Delta } from "./delta.ts";
import type { PlaneKeys } from "./plane-keys.ts";

export const streamPath = "/v3/stream";

/** Longest line from a controller: a whole state. Bytes. */
export const maxControllerLineBytes = 256 * 1024 * 1024;
/** Longest line from a proxy: a report. Bytes. */
export const maxProxyLineBytes = 4 * 1024 * 1024;

/** Settings of a data plane that can change while it serves. Absent: what the proxy's flags say. */
export type PlaneSettings = {
  /** Whether requests are logged. */
  readonly accessLog?: boolean;
  readonly tenantLabel?: string;
  /** Header name; `""`: none. */
  readonly tenantHeader?: string;
  readonly environmentLabel?: string;
  readonly environmentHeader?: string;
};

/** Everything that the proxies of one data plane serve from. Plain JSON with key material in it: never print it. */
export type PlaneState = {
  readonly routing: RoutingModel;
  readonly endpoints: EndpointTable;
  readonly secrets: ExportedSecrets;
  readonly settings: PlaneSettings;
  readonly keys?: PlaneKeys;
};

export type ControllerMessage =
  /** `hash` is the digest of the state that the message leads to. */
  | { readonly kind: "state"; readonly hash: string; readonly state: PlaneState }
  | { readonly kind: "delta"; readonly hash: string; readonly delta: Delta }
  /** What the proxy holds is what it should hold. */
  | { readonly kind: "current"; readonly hash: string }
  | { readonly kind: "ping" };

export type ProxyMessage =
  /** The first message. `hash` is the digest of the state that the proxy holds. */
  | { readonly kind: "hello"; readonly proxy: string; readonly version: string; readonly hash?: string }
  /** The state of digest `hash` has been applied. */
  | {
      readonly kind: "report";
      readonly hash: string;
      readonly listeners: Readonly<Record<ListenerKey, ConfirmedListener>>;
    }
  /** The proxy could not follow a delta and asks for the whole state. */
  | { readonly kind: "resync" }
  | { readonly kind: "ping" };

/** The peer says what this version of the protocol does not know. The message names no content. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** One message as a line. */
export function renderLine(message: ControllerMessage | ProxyMessage): string {
  return `${JSON.stringify(message)}\n`;
}

/** Reads a line of a controller. Content below the level of tables is taken as it is: controllers are authenticated. Throws {@link ProtocolError}. */
export function parseControllerMessage(line: string): ControllerMessage {
  const message = parseRecord(line);
  switch (message["kind"]) {
    case "ping":
      return { kind: "ping" };
    case "current":
      return { kind: "current", hash: text(message, "hash", 64) };
    case "state":
      return { kind: "state", hash: text(message, "hash", 64), state: checkState(message["state"]) };
    case "delta":
      return { kind: "delta", hash: text(message, "hash", 64), delta: record(message["delta"], "delta") as Delta };
    default:
      throw new ProtocolError("the controller sent a message of an unknown kind");
  }
}

/** Reads a line of a proxy, whole: what it says ends up in statuses. Throws {@link ProtocolError}. */
export function parseProxyMessage(line: string): ProxyMessage {
  const message = parseRecord(line);
  switch (message["kind"]) {
    case "ping":
      return { kind: "ping" };
    case "resync":
      return { kind: "resync" };
    case "hello": {
      const hash = message["hash"] === undefined ? {} : { hash: text(message, "hash", 64) };
      return { kind: "hello", proxy: word(message, "proxy", 253), version: word(message, "version", 64), ...hash };
    }
    case "report": {
      const rows = Object.entries(record(message["listeners"], "listeners"));
      const listeners = rows.map(([key, row]) => [key, parseListener(row)] as const);
      return { kind: "report", hash: text(message, "hash", 64), listeners: Object.fromEntries(listeners) };
    }
    default:
      throw new ProtocolError("the proxy sent a message of an unknown kind");
  }
}

/** The value as a state, when it has the parts of one. Throws {@link ProtocolError}. */
export function checkState(value: unknown): PlaneState {
  const state = record(value, "state");
  const routing = record(state["routing"], "routing");
  if (!Array.isArray(routing["gateways"])) throw new ProtocolError("gateways is not a list");
  record(routing["clusters"], "clusters");
  record(state["endpoints"], "endpoints");
  record(state["secrets"], "secrets");
  record(state["settings"], "settings");
  return state as PlaneState;
}

function parseListener(value: unknown): ConfirmedListener {
  const row = record(value, "listener");
  const hash = text(row, "hash", 64);
  const { state, port, code } = row;
  switch (state) {
    case "programmed":
      if (typeof port !== "number" || !Number.isInteger(port)) throw new ProtocolError("port is not a number");
      return { hash, state, address: text(row, "address", 253), port };
    case "failed":
      return {
        hash,
        state,
        message: text(row, "message", 4096),
        ...(code === undefined ? {} : { code: text(row, "code", 64) }),
      };
    default:
      throw new ProtocolError("a listener has an unknown state");
  }
}

function parseRecord(line: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The parser's own message quotes the text, which may hold key material.
    throw new ProtocolError("a message is not JSON");
  }
  return record(value, "message");
}

function record(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ProtocolError(`${name} is not an object`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function text(message: Readonly<Record<string, unknown>>, name: string, maxLength: number): string {
  const value = message[name];
  if (typeof value !== "string" || value.length > maxLength) {
    throw new ProtocolError(`${name} is not a string of at most ${maxLength} characters`);
  }
  return value;
}

/** A text without spaces and characters that do something: it is shown to people who do not know its author. */
function word(message: Readonly<Record<string, unknown>>, name: string, maxLength: number): string {
  const value = text(message, name, maxLength);
  if (!/^[\x21-\x7e]+$/.test(value)) throw new ProtocolError(`${name} is not a word of ASCII characters`);
  return value;
}
