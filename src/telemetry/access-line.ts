/** One line of the access log: a JSON object in printable ASCII, so that no field can forge a line or drive a terminal. */
import type { AccessRecord, HttpSeriesLabels } from "./telemetry.ts";

/** Longest field values, in characters; what is longer is cut. Together they bound a line: see {@link maxLineBytes}. */
const maxPathLength = 2048;
const maxUserAgentLength = 512;
const maxTextLength = 256;

/** No line is longer: a character takes at most 6 bytes (`\u0000`) and at most 20 fields are text. */
export const maxLineBytes = (maxPathLength + maxUserAgentLength + 20 * maxTextLength) * 6 + 1024;

/** The line with its line feed. Only characters 0x20 to 0x7e come before it: its length is its size in bytes. */
export function renderAccessLine(record: AccessRecord): string {
  const labels = renderLabels(record.labels);
  return `{"timestamp":"${renderTimestamp(record.startMs)}",${labels},"hostname":"${escapeText(record.hostname, maxTextLength)}","path":"${escapeText(withoutQuery(record.path), maxPathLength)}","method":"${escapeText(record.method, maxTextLength)}","protocol":"${escapeText(record.protocol, maxTextLength)}","status_code":${renderNumber(record.statusCode)},"duration_ms":${renderMs(record.durationMs)},"upstream_duration_ms":${record.upstreamDurationMs < 0 ? "null" : renderMs(record.upstreamDurationMs)},"bytes_in":${renderNumber(record.bytesIn)},"bytes_out":${renderNumber(record.bytesOut)},"source_ip":"${escapeText(record.sourceIp, maxTextLength)}","user_agent":"${escapeText(record.userAgent, maxUserAgentLength)}","upstream":"${escapeText(record.upstream, maxTextLength)}","response_flag":"${record.responseFlag}","request_id":"${escapeText(record.requestId, maxTextLength)}","trace_id":"${escapeText(record.traceId, maxTextLength)}","tenant":"${escapeText(record.tenant, maxTextLength)}","environment":"${escapeText(record.environment, maxTextLength)}"${record.clientCertificate === undefined ? "" : `,"client_certificate":"${record.clientCertificate}"`}${renderGrpcStatus(record.grpcStatus)}}\n`;
}

/** Behind the fields that every line has, so that their places stay. */
function renderGrpcStatus(status = -1): string {
  return status < 0 ? "" : `,"grpc_status":${renderNumber(status)}`;
}

const labelText = new WeakMap<HttpSeriesLabels, string>();

/** The engine uses one labels object for a rule and backend: their text is made once. */
function renderLabels(labels: HttpSeriesLabels): string {
  const known = labelText.get(labels);
  if (known !== undefined) return known;
  const field = (name: string, value: string) => `"${name}":"${escapeText(value, maxTextLength)}"`;
  const text = [
    field("route_name", labels.route_name),
    field("backend_name", labels.backend_name),
    field("gateway_name", labels.gateway_name),
    field("namespace", labels.gateway_namespace),
    field("listener", labels.listener),
  ].join(",");
  labelText.set(labels, text);
  return text;
}

const plain = /^[ !#-[\]-~]*$/;

function escapeText(text: string, maxLength: number): string {
  if (text.length <= maxLength && plain.test(text)) return text;
  const quoted = JSON.stringify(text.slice(0, maxLength)).slice(1, -1);
  return quoted.replace(/[\x7f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function withoutQuery(path: string): string {
  const query = path.indexOf("?");
  return query < 0 ? path : path.slice(0, query);
}

/** Thousandths are kept: a proxied request takes less than a millisecond. */
function renderMs(ms: number): string {
  return Number.isFinite(ms) ? `${Math.round(ms * 1000) / 1000}` : "0";
}

function renderNumber(value: number): string {
  return Number.isFinite(value) ? `${value}` : "0";
}

let timestampSecond = Number.NaN;
let timestampPrefix = "";

/** RFC 3339 in UTC with milliseconds. The part up to the second is made once a second. */
function renderTimestamp(ms: number): string {
  const whole = Number.isFinite(ms) ? Math.trunc(ms) : 0;
  const second = Math.floor(whole / 1000);
  if (second !== timestampSecond) {
    timestampSecond = second;
    timestampPrefix = new Date(second * 1000).toISOString().slice(0, 20);
  }
  const rest = whole - second * 1000;
  return `${timestampPrefix}${rest < 10 ? "00" : rest < 100 ? "0" : ""}${rest}Z`;
}
