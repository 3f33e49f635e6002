import { randomBytes } from "node:crypto";
import type { SecureContext, Server } from "node:tls";
import type { TicketKeys } from "./ticket-keys.ts";

/** What OpenSSL is told of a ticket: 0 ignore it (full handshake), 1 take it, 2 take it and send a newer one. Then the keys. */
type TicketAnswer =
  | readonly [0 | 1 | 2, hmac: Buffer, aes: Buffer]
  | readonly [0 | 1, hmac: Buffer, aes: Buffer, name: Buffer, iv: Buffer];

/** Node's own object behind a server's contexts: there is no documented way to hold more than one ticket key. */
type TicketContext = {
  onticketkeycallback?: (name: Buffer, iv: Buffer, sealing: boolean) => TicketAnswer;
  enableTicketKeyCallback?: () => void;
};

const unused = Buffer.alloc(16);

/**
 * Has a server seal and open its session tickets with `keys`. Where this Node has no such interface, the server gets the
 * key of now and keeps it: clients that come back after a rotation make one full handshake.
 */
export function useTicketKeys(server: Server, keys: TicketKeys, scope: string): void {
  const context = (server as unknown as { readonly _sharedCreds?: { readonly context?: TicketContext } })._sharedCreds
    ?.context;
  if (context?.enableTicketKeyCallback === undefined) {
    const { name, hmac, aes } = keys.current(scope);
    server.setTicketKeys(Buffer.concat([name, hmac, aes]));
    return;
  }
  context.onticketkeycallback = (name, _iv, sealing) => {
    if (sealing) {
      const key = keys.current(scope);
      return [1, key.hmac, key.aes, key.name, randomBytes(16)];
    }
    const found = keys.find(scope, name);
    // Keys are read, and a process that lacks them ends, even where the answer is not to use them.
    return found === undefined ? [0, unused, unused] : [found.renew ? 2 : 1, found.key.hmac, found.key.aes];
  };
  context.enableTicketKeyCallback();
}

/**
 * Lets handshakes that begin with a HelloRetryRequest end, without a ticket. There Node looks for the server's callback at the
 * context of the server name, and a handshake whose ticket nobody seals breaks. Which server's keys were meant cannot be told
 * there, and those of another must not be used: the next handshake of that client is a full one.
 */
export function allowRetriedHandshakes({ context }: SecureContext): void {
  (context as TicketContext).onticketkeycallback = () => [0, unused, unused, unused, unused];
}
