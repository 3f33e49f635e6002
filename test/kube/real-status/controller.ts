import { setTimeout as delay } from "node:timers/promises";
import { compile } from "../../../src/compile/compile.ts";
import { type CompileOptions, nothingRetained } from "../../../src/compile/compile-options.ts";
import type { CompileResult } from "../../../src/compile/contract.ts";
import { defaultIngressOptions } from "../../../src/ingress/ingress-options.ts";
import { defaultListenerSettings } from "../../../src/ir/listener-settings.ts";
import type { KubeClient } from "../../../src/kube/kube-client.ts";
import { KubeSource } from "../../../src/source/kube/kube-source.ts";
import type { MergedStatus } from "../../../src/status/condition.ts";
import { mergeStatus } from "../../../src/status/merge.ts";
import type { StatusProblem } from "../../../src/status/writer/status-problem.ts";
import { StatusWriter } from "../../../src/status/writer/status-writer.ts";
import { controllerName, namespace } from "./manifests.ts";
import { until } from "./until.ts";

const options: CompileOptions = {
  controllerName,
  adoptClasses: false,
  flags: [],
  retained: nothingRetained,
  nowMs: Date.now(),
  stubBackends: false,
  selfSigned: false,
  allowExternalName: false,
  ingress: defaultIngressOptions,
  listenerSettings: defaultListenerSettings,
  supportedFeatures: ["Gateway", "HTTPRoute", "ReferenceGrant"],
  supportedProtocols: ["HTTP", "HTTPS", "TLS", "TCP", "UDP"],
};

/** A controller without a data plane: everything that could be opened is. */
export class Controller {
  readonly source: KubeSource;
  readonly writer: StatusWriter;
  readonly problems: StatusProblem[] = [];
  readonly results: string[] = [];
  #status: MergedStatus | undefined;
  result: CompileResult | undefined;

  constructor(client: KubeClient) {
    this.source = new KubeSource({ client });
    this.writer = new StatusWriter({
      client,
      live: this.source.live,
      controllerName,
      onProblem: (problem) => this.problems.push(problem),
      onResult: (kind, result) => this.results.push(`${kind} ${result}`),
    });
  }

  async start(): Promise<void> {
    await this.source.start();
    this.turn();
    this.source.subscribe(() => this.turn());
    this.writer.start();
  }

  get status(): MergedStatus {
    return this.#status ?? [];
  }

  /** One turn of the control loop, with its statuses changed before they are written. */
  turn(change: (status: MergedStatus) => MergedStatus = (status) => status): void {
    const { snapshot } = this.source.state;
    this.result = compile(snapshot, options);
    const rows = this.result.status.flatMap(({ ref, body }) =>
      "listeners" in body ? body.listeners.map(({ name }) => `${ref.kind}/${ref.namespace}/${ref.name}/${name}`) : [],
    );
    const report = {
      listeners: Object.fromEntries(rows.map((key) => [key, { state: "programmed" } as const])),
      addresses: { [`${namespace}/edge`]: ["198.51.100.1"] },
    };
    this.#status = change(mergeStatus(this.result.status, report, this.#status, Date.now()));
    this.writer.update({ status: this.#status, snapshot });
  }

  /** Until everything is written and shown again by the watch. */
  async settled(): Promise<void> {
    await until("statuses written", async () => {
      if (this.writer.pending > 0) return false;
      await delay(100);
      return this.writer.pending === 0;
    });
  }

  async close(): Promise<void> {
    await this.writer.stop();
    await this.source.close();
  }
}
