import type { TcpProbe as TcpProbeModel } from "../../../ir/traffic/health-check.ts";
import type { Transport } from "../../transport/transport.ts";
import { type ConnectEvents, type ConnectTarget, connect } from "../connect.ts";
import type { ProbeResult } from "./health-record.ts";
import type { Probe, RunningProbe } from "./probe.ts";

/** What an endpoint may say before it has said what is expected. Bytes. */
const maxAnswerBytes = 64 * 1024;

/** Connects, says what is to be said, and waits for what is expected. */
export class TcpProbe implements Probe {
  readonly #target: ConnectTarget;
  readonly #send: Buffer;
  readonly #receive: Buffer;

  constructor(target: ConnectTarget, model: TcpProbeModel) {
    this.#target = target;
    this.#send = Buffer.from(model.send, "base64");
    this.#receive = Buffer.from(model.receive, "base64");
  }

  start(onResult: (result: ProbeResult) => void): RunningProbe {
    return new TcpCheck(this.#target, { send: this.#send, receive: this.#receive }, onResult);
  }

  close(): void {
    // Every check has a connection of its own.
  }
}

class TcpCheck implements RunningProbe, ConnectEvents {
  readonly #texts: { readonly send: Buffer; readonly receive: Buffer };
  readonly #onResult: (result: ProbeResult) => void;
  readonly #transport: Transport;
  #answer = Buffer.alloc(0);
  #connected = false;
  #over = false;

  constructor(
    target: ConnectTarget,
    texts: { readonly send: Buffer; readonly receive: Buffer },
    onResult: (result: ProbeResult) => void,
  ) {
    this.#texts = texts;
    this.#onResult = onResult;
    this.#transport = connect(target, this);
  }

  cancel(): void {
    this.#over = true;
    this.#transport.destroy();
  }

  onConnect(): void {
    this.#connected = true;
    const { send, receive } = this.#texts;
    if (send.length > 0) this.#transport.write(send, 0, send.length);
    if (receive.length === 0) this.#end({ kind: "success" });
  }

  onData(bytes: Buffer, start: number, end: number): void {
    this.#answer = Buffer.concat([this.#answer, bytes.subarray(start, end)]);
    if (this.#answer.includes(this.#texts.receive)) this.#end({ kind: "success" });
    else if (this.#answer.length > maxAnswerBytes) this.#fail("the answer does not have the expected bytes");
  }

  onEnd(): void {
    this.#fail("the answer does not have the expected bytes");
  }

  onDrain(): void {}

  onClose(error: Error | undefined): void {
    const code = (error as NodeJS.ErrnoException | undefined)?.code;
    const what = this.#connected ? "the connection was lost" : "no connection could be made";
    this.#fail(code === undefined ? what : `${what} (${code})`);
  }

  #fail(reason: string): void {
    this.#end({ kind: "failure", reason });
  }

  #end(result: ProbeResult): void {
    if (this.#over) return;
    this.cancel();
    this.#onResult(result);
  }
}
