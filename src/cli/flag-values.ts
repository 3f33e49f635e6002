/** Parsers of flag arguments: text in, checked value out, a {@link UsageError} in plain words for anything else. */

import { anyHost } from "../base/any-address.ts";
import { type Cidr, parseCidr } from "../base/cidr.ts";
import { nearestName } from "../base/nearest-name.ts";
import type { SocketAddress } from "../base/socket-address.ts";
import { UsageError } from "../base/usage-error.ts";
import type { LiveGateway } from "../migrate/observe/observe-live.ts";
import { differenceKinds } from "../migrate/verify/difference-kinds.ts";

/** A listener's port and the port that is bound for it. `localPort` 0 lets the system choose. */
export type PortMapping = { readonly listenerPort: number; readonly localPort: number };

/** A request header as typed on the command line. Name in lower case. */
export type HeaderArgument = { readonly name: string; readonly value: string };

export const outputFormats = ["text", "table", "json", "yaml", "github", "csv", "markdown", "html"] as const;
export type OutputFormat = (typeof outputFormats)[number];

function parseNumber(text: string, bounds: { readonly min: number; readonly max: number }): number | undefined {
  if (!/^\d{1,9}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= bounds.min && value <= bounds.max ? value : undefined;
}

/** `80:8080`: listener port, then local port. */
export function parsePortMapping(text: string): PortMapping {
  const [from = "", to = "", ...rest] = text.split(":");
  const listenerPort = parseNumber(from, { min: 1, max: 65535 });
  const localPort = parseNumber(to, { min: 0, max: 65535 });
  if (listenerPort === undefined || localPort === undefined || rest.length > 0) {
    throw new UsageError(
      `"${text}" is not a port mapping. Write the listener's port, a colon and the local port, such as 80:8080.`,
    );
  }
  return { listenerPort, localPort };
}

/** A port number from `min` to 65535. */
export function parsePort(text: string, min: 0 | 1 = 0): number {
  const port = parseNumber(text, { min, max: 65535 });
  if (port === undefined) throw new UsageError(`"${text}" is not a port. Give a number from ${min} to 65535.`);
  return port;
}

/** A whole number of seconds, hops and the like: 0 to `max`. */
export function parseCount(text: string, max: number): number {
  const count = parseNumber(text, { min: 0, max });
  if (count === undefined) throw new UsageError(`"${text}" is not a number from 0 to ${max}.`);
  return count;
}

/** A share of requests, neither none nor all: 1 to 99. */
export function parsePercent(text: string): number {
  const percent = parseNumber(text, { min: 1, max: 99 });
  if (percent === undefined) throw new UsageError(`"${text}" is not a number from 1 to 99.`);
  return percent;
}

/** `127.0.0.1:9900`, `[::1]:9900`, `*:9900` (every address), `:9900` (loopback) or `off` (undefined). */
export function parseHostPort(text: string): SocketAddress | undefined {
  if (text === "off") return undefined;
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(text);
  const port = parseNumber(found?.[3] ?? "", { min: 0, max: 65535 });
  if (!found || port === undefined) {
    throw new UsageError(`"${text}" is not an address. Write host:port, such as 127.0.0.1:9900, or "off".`);
  }
  return { host: found[1] ?? (found[2] || "127.0.0.1"), port };
}

/** {@link parseHostPort} for what cannot be off. */
export function parseAddress(text: string): SocketAddress {
  const address = parseHostPort(text);
  if (address === undefined) throw new UsageError('It cannot be off. Write host:port, such as "10.0.0.1:9443".');
  return address;
}

/** {@link parseAddress} for what is connected to: every address is none. */
export function parseRemote(text: string): SocketAddress {
  const address = parseAddress(text);
  if (address.host === anyHost) throw new UsageError(`"${text}" is not an address to connect to. Write a host.`);
  return address;
}

/** An address range, such as `10.0.0.0/8`, or one address. */
export function parseNetwork(text: string): Cidr {
  const network = parseCidr(text);
  if (network === undefined) {
    throw new UsageError(`"${text}" is not a range of addresses. Write it as in 127.0.10.0/24.`);
  }
  return network;
}

/** `name: value`; the first colon separates. */
export function parseHeader(text: string): HeaderArgument {
  const colon = text.indexOf(":");
  const name = text.slice(0, colon).trim().toLowerCase();
  if (colon < 1 || !/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name)) {
    throw new UsageError(`"${text}" is not a header. Write name:value, such as x-canary:true.`);
  }
  return { name, value: text.slice(colon + 1).trim() };
}

/** One of a fixed set of words. */
export function parseChoice<T extends string>(text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new UsageError(`"${text}" is not one of ${choices.join(", ")}.`);
  return found;
}

/** `KIND` or `KIND@HOST` of `migrate verify`. */
export function parseAccepted(text: string): string {
  const [kind = ""] = text.split("@");
  if (Object.hasOwn(differenceKinds, kind)) return text;
  const near = nearestName(kind, Object.keys(differenceKinds));
  throw new UsageError(`"${kind}" is not a kind of difference${near === undefined ? "" : `. Did you mean ${near}?`}`);
}

/** `http://HOST[:PORT]`, behind a comma perhaps `https://HOST:PORT`. One host has both. */
export function parseLiveGateway(text: string): LiveGateway {
  const urls = text.split(",").map((part) => (URL.canParse(part) ? new URL(part) : undefined));
  const ports = { http: 80, https: 443 };
  for (const url of urls) {
    if (
      url === undefined ||
      !/^https?:$/.test(url.protocol) ||
      url.hostname !== urls[0]?.hostname ||
      url.pathname !== "/"
    )
      throw new UsageError(
        `"${text}" is no gateway. Write where it takes requests, such as http://192.0.2.1 or http://127.0.0.1:8080,https://127.0.0.1:8443.`,
      );
    if (url.port !== "") ports[url.protocol === "https:" ? "https" : "http"] = Number(url.port);
  }
  return { host: (urls[0]?.hostname ?? "").replace(/^\[|\]$/g, ""), ports };
}

export type ObjectName = { readonly namespace: string; readonly name: string };

/** `NAMESPACE/NAME`. */
export function parseObjectName(text: string): ObjectName {
  const [namespace, name, ...more] = text.split("/");
  if (!namespace || !name || more.length > 0) throw new UsageError(`"${text}" is not NAMESPACE/NAME.`);
  return { namespace, name };
}
