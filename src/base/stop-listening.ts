import { type AddressInfo, connect, Server, type Socket } from "node:net";

/** What becomes of a connection that is taken from the queue. */
const arrivals = ["connection", "drop"] as const;
/** If there is no calm in this time, it is made. */
const patientMs = 250;

/** How long no client may have come for the socket to be closed: few are then between their first packet and their last. */
function calmMs(elapsedMs: number): number {
  if (elapsedMs < patientMs) return 20;
  return elapsedMs < 2 * patientMs ? 5 : 0;
}

/** Node's own objects under a server and a socket: nothing documented changes an accept queue, or asks a socket for its state. */
type ServerHandle = { readonly listen?: (backlog: number) => number };
type SocketHandle = { readonly getpeername?: (into: object) => number };

/**
 * Closes a server's listening socket; connections stay. Clients in the kernel's accept queue are connected as they see it, and
 * closing would reset them, so they are taken in first, until none comes any more. Where they do not stop coming, the queue is
 * made as short as it can be: the system then leaves their first packets unanswered, and they try again later. At last the queue
 * is plugged with a connection of our own, so that no client slips in before the socket closes. Resolves when it is closed,
 * which is after `limitMs` at the latest.
 */
export function stopListening(server: Server, limitMs: number): Promise<void> {
  if (!server.listening) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const startMs = performance.now();
  let arrivalMs = startMs;
  const onArrival = () => {
    arrivalMs = performance.now();
  };
  const close = () => {
    for (const event of arrivals) server.off(event, onArrival);
    // Below the closing of HTTP servers, which would end idle connections too.
    Server.prototype.close.call(server);
    resolve();
  };
  // After each turn of the event loop, in which at most one connection was accepted.
  const look = () => {
    const nowMs = performance.now();
    const elapsedMs = nowMs - startMs;
    if (elapsedMs >= limitMs) {
      close();
      return;
    }
    const calm = nowMs - arrivalMs >= calmMs(elapsedMs);
    if (calm || elapsedMs > patientMs) shortenQueue(server);
    if (!calm) {
      setImmediate(look);
      return;
    }
    const plug = connect(placeOf(server));
    plug.on("error", () => {});
    // It has dialled by then, and nothing has been accepted since.
    process.nextTick(() => {
      if (isConnected(plug)) close();
      else setImmediate(look);
      plug.destroy();
    });
  };
  for (const event of arrivals) server.on(event, onArrival);
  if (limitMs > 0) setImmediate(look);
  else close();
  return promise;
}

/** One connection may wait. */
function shortenQueue(server: Server): void {
  (server as unknown as { readonly _handle?: ServerHandle })._handle?.listen?.(0);
}

/** Where the machine itself reaches the server. */
function placeOf(server: Server): { readonly host: string; readonly port: number } {
  const { address, port } = server.address() as AddressInfo;
  const host = address === "0.0.0.0" ? "127.0.0.1" : address === "::" ? "::1" : address;
  return { host, port };
}

/** Inside of a machine, a handshake is over when dialling returns; Node learns of it later. */
function isConnected(socket: Socket): boolean {
  return (socket as unknown as { readonly _handle?: SocketHandle | null })._handle?.getpeername?.({}) === 0;
}
