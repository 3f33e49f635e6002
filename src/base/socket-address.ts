/** Where a server listens or is connected to. Port 0 of a listener lets the system choose. */
export type SocketAddress = { readonly host: string; readonly port: number };

/** `host:port` as it is written in a URL: IPv6 addresses in brackets. */
export function renderSocketAddress({ host, port }: SocketAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
