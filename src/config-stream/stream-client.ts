import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../telemetry/log.ts";
import {
  type ConnectionEnd,
  type ControllerAddress,
  ControllerConnection,
  reasonOf,
  renderAddress,
} from "./controller-connection.ts";
import { applyDelta, type Delta } from "./delta.ts";
import { digestOf } from "./digest.ts";
import { type ControllerMessage, checkState, type PlaneState, type ProxyMessage } from "./protocol.ts";
import { retryDelayMs } from "./retry-delay.ts";
import type { StreamCertificate } from "./stream-authority.ts";
import { defaultTiming, type StreamTiming } from "./stream-timing.ts";

/** A state with its digest. */
export type HeldState = { readonly hash: string; readonly state: PlaneState };

export type StreamClientOptions = {
  /** Tried in turn; not empty. */
  readonly controllers: readonly ControllerAddress[];
  /** Read anew for every connection, and now and then to see whether it was replaced. */
  readonly readCertificate: () => Promise<StreamCertificate>;
  /** Name of this proxy among those of its data plane: the pod's. At most 253 characters. */
  readonly proxy: string;
  /** Of Sluice. */
  readonly version: string;
  /** What is held from before. */
  readonly held?: HeldState;
  /** Called when a controller begins or ceases to feed this proxy, and when it confirms what is held. */
  readonly onFollowing?: (isFollowing: boolean) => void;
  /** Called with every new state. What did not change is the very same part as in the state before. */
  readonly onState: (held: HeldState) => void;
  readonly log: Logger;
  readonly timing?: StreamTiming;
  /** How often the certificate is compared with the one in use. Default 10,000 ms. */
  readonly certificateCheckMs?: number;
  /** In [0, 1). Default `Math.random`. */
  readonly random?: () => number;
};

export type StreamReport = Omit<Extract<ProxyMessage, { readonly kind: "report" }>, "kind">;

const certificateFiles = ["tls.crt", "tls.key", "ca.crt"] as const;

/** The proxy's end of the configuration stream: connects, follows the state, reports, and comes back whenever it is cut off. */
export class StreamClient implements AsyncDisposable {
  readonly #options: StreamClientOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #held: HeldState | undefined;
  #report: StreamReport | undefined;
  #connection: ControllerConnection | undefined;
  #isFollowing = false;

  constructor(options: StreamClientOptions) {
    this.#options = options;
    this.#held = options.held;
    this.#running = this.#run();
  }

  /** Whether a controller feeds this proxy now. */
  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  /** Tells what became of a state: now, and again after every reconnect until there is a newer report. */
  report(report: StreamReport): void {
    this.#report = report;
    this.#connection?.send({ kind: "report", ...report });
  }

  /** Ends the stream and comes back no more. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#connection?.close("this proxy is shutting down");
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    const { controllers, random = Math.random } = this.#options;
    const { signal } = this.#stop;
    let attempt = 0;
    let leader: ControllerAddress | undefined;
    // Where the leader cannot be reached by its own address, the next are found by trying, until one feeds this proxy.
    let mayBeSentOn = true;
    for (let turn = 0; !signal.aborted; turn++) {
      const address = leader ?? controllers[turn % controllers.length]!;
      const end = await this.#connect(address).catch((error) => ({ reason: reasonOf(error), leader: undefined }));
      if (signal.aborted) return;
      if (this.#isFollowing) attempt = 0;
      mayBeSentOn = this.#isFollowing || (mayBeSentOn && leader === undefined);
      this.#setFollowing(false);
      leader = mayBeSentOn && leader === undefined ? end.leader : undefined;
      if (leader !== undefined) continue;
      this.#tellEnd(renderAddress(address), { reason: end.reason, attempt });
      await sleep(retryDelayMs(attempt++, random), undefined, { signal }).catch(() => {});
    }
  }

  async #connect(address: ControllerAddress): Promise<ConnectionEnd> {
    const { readCertificate, proxy, version, timing = defaultTiming, certificateCheckMs = 10_000 } = this.#options;
    const certificate = await readCertificate();
    if (this.#stop.signal.aborted) return { reason: "", leader: undefined };
    const connection = new ControllerConnection({
      address,
      certificate,
      timing,
      onMessage: (message) => this.#onMessage(message, connection),
    });
    this.#connection = connection;
    const hash = this.#held?.hash;
    connection.send({ kind: "hello", proxy, version, ...(hash === undefined ? {} : { hash }) });
    if (this.#report !== undefined) connection.send({ kind: "report", ...this.#report });
    const renewal = setInterval(() => void this.#compareCertificate(certificate, connection), certificateCheckMs);
    try {
      return await connection.ended;
    } finally {
      clearInterval(renewal);
      this.#connection = undefined;
    }
  }

  /** A certificate that cannot be read, or not yet whole, is looked at again later. */
  async #compareCertificate(used: StreamCertificate, connection: ControllerConnection): Promise<void> {
    const present = await this.#options.readCertificate().catch(() => used);
    if (certificateFiles.some((file) => present[file] !== used[file])) connection.close("the certificate was replaced");
  }

  #onMessage(message: ControllerMessage, connection: ControllerConnection): void {
    switch (message.kind) {
      case "ping":
        return;
      case "current":
        this.#follow();
        return;
      case "state":
        this.#follow();
        // Its parts are remembered: the first change is then checked while requests are served at the cost of what it changes.
        digestOf(message.state);
        this.#hold({ hash: message.hash, state: message.state });
        return;
      case "delta": {
        this.#follow();
        const held = this.#changed(message.hash, message.delta);
        if (held === undefined) connection.send({ kind: "resync" });
        else this.#hold(held);
      }
    }
  }

  #follow(): void {
    if (!this.#isFollowing) this.#options.log.info("This proxy is connected to a controller.", { event: "following" });
    this.#setFollowing(true);
  }

  #setFollowing(isFollowing: boolean): void {
    this.#isFollowing = isFollowing;
    this.#options.onFollowing?.(isFollowing);
  }

  #hold(held: HeldState): void {
    this.#held = held;
    this.#options.onState(held);
  }

  /** `undefined` when the delta does not lead from what is held to what the controller holds. */
  #changed(hash: string, delta: Delta): HeldState | undefined {
    try {
      const state = checkState(applyDelta(this.#held?.state, delta));
      if (digestOf(state) === hash) return { hash, state };
    } catch {
      // It fits nothing that is held here, in one way or another; what it says is no matter.
    }
    this.#options.log.warn("A change could not be applied; the whole configuration is requested.", { hash });
    return undefined;
  }

  /** Once per outage for people to see: a controller that is away for an hour should not fill the log. */
  #tellEnd(controller: string, { reason, attempt }: { readonly reason: string; readonly attempt: number }): void {
    const rest = this.#held ? "it keeps serving its last configuration" : "there is nothing to serve yet";
    const text = `This proxy is connected to no controller; ${rest}.`;
    this.#options.log[attempt === 0 ? "info" : "debug"](text, { controller, reason });
  }
}
