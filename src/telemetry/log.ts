/** The process's own log: one line an event, as JSON for machines or as text for a terminal. */
import { isSecretName } from "../base/secret-name.ts";

const levels = { debug: 10, info: 20, warn: 30, error: 40 } as const;

export type LogLevel = keyof typeof levels;

/** Facts that go with a message. Values of keys that look like secrets are replaced. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to every line. */
  with(fields: LogFields): Logger;
}

export type LogOptions = {
  /** Takes one line with its line feed. */
  readonly write: (line: string) => void;
  /** Lines below it are not written. Default `info`. */
  readonly level?: LogLevel;
  /** Default `json`. */
  readonly format?: "json" | "text";
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly nowMs?: () => number;
};

const redacted = "[redacted]";
const maxDepth = 5;
const maxItems = 50;
const maxTextLength = 4096;

/** Makes a logger. Its calls never throw, whatever the fields are. */
export function createLogger(options: LogOptions): Logger {
  return makeLogger(options, {});
}

function makeLogger(options: LogOptions, bound: LogFields): Logger {
  const threshold = levels[options.level ?? "info"];
  const render = options.format === "text" ? renderText : renderJson;
  const nowMs = options.nowMs ?? Date.now;
  const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (levels[level] < threshold) return;
    const safe = sanitize({ ...bound, ...fields }, 0) as LogFields;
    // What is warned of is expected and tried again, such as an API server that is away; where in our code that was noticed is
    // of use only when it should not have been possible.
    const shown = level === "error" ? safe : JSON.parse(JSON.stringify(safe, withoutStack));
    options.write(render(new Date(nowMs()).toISOString(), level, clean(message), shown));
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => makeLogger(options, { ...bound, ...fields }),
  };
}

const withoutStack = (key: string, value: unknown): unknown => (key === "stack" ? undefined : value);

function renderJson(time: string, level: LogLevel, message: string, fields: LogFields): string {
  return `${escapeControls(JSON.stringify({ ...fields, time, level, message }))}\n`;
}

function renderText(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${renderValue(value)}`);
  return `${escapeControls(`${time.slice(11, 23)} ${level.toUpperCase().padEnd(5)} ${message}${pairs.join("")}`)}\n`;
}

/** Stack traces are for machines: a person at a terminal is told what happened, not where in our code. */
function renderValue(value: unknown): string {
  if (typeof value === "string" && /^[^\s"=]+$/.test(value)) return value;
  return JSON.stringify(value, withoutStack);
}

/** No character is left that ends a line or drives a terminal. */
function escapeControls(text: string): string {
  return text.replace(
    /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Plain JSON data of bounded size, without secrets. */
function sanitize(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "string":
      return clean(value);
    case "number":
    case "boolean":
      return value;
    case "undefined":
      return undefined;
    case "object":
      if (value === null) return null;
      return depth < maxDepth ? sanitizeObject(value, depth) : "[deep]";
    default:
      return String(value);
  }
}

function sanitizeObject(value: object, depth: number): unknown {
  if (value instanceof Error) return sanitizeError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, maxItems).map((item) => sanitize(item, depth + 1));
  try {
    const plain = "toJSON" in value && typeof value.toJSON === "function" ? value.toJSON() : value;
    if (typeof plain !== "object" || plain === null) return sanitize(plain, depth + 1);
    const entries = Object.entries(plain).slice(0, maxItems);
    return Object.fromEntries(
      entries.map(([key, item]) => [key, isSecretName(key) ? redacted : sanitize(item, depth + 1)]),
    );
  } catch {
    return "[unreadable]";
  }
}

function sanitizeError(error: Error, depth: number): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  return {
    name: error.name,
    message: clean(error.message),
    ...(code === undefined ? {} : { code }),
    ...(error.stack === undefined ? {} : { stack: clean(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: sanitize(error.cause, depth + 1) }),
  };
}

/** Private keys in PEM are cut out wherever they stand. */
function clean(text: string): string {
  const short = text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…` : text;
  if (!short.includes("PRIVATE KEY-----")) return short;
  return short.replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, redacted);
}
