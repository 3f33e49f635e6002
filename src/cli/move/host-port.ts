/** `203.0.113.7`, `203.0.113.7:8443`, `[2001:db8::7]:8443`, `2001:db8::7`, `gateway.example:443`. */
export function splitHostPort(address: string): { readonly host: string; readonly port: number | undefined } {
  const [, bracketed, after] = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(address) ?? [];
  if (bracketed !== undefined) return { host: bracketed, port: after === undefined ? undefined : Number(after) };
  const [, host, port] = /^([^:]+):(\d{1,5})$/.exec(address) ?? [];
  return host === undefined ? { host: address, port: undefined } : { host, port: Number(port) };
}
