import type { Configuration } from "../control/control-state.ts";
import type { Finding } from "../finding/finding.ts";
import { EventRecorder } from "../kube/events.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import type { KubeSource } from "../source/kube/kube-source.ts";
import type { MergedStatus } from "../status/condition.ts";
import { ClassFinalizers } from "../status/writer/class-finalizers.ts";
import { ObjectEvents } from "../status/writer/object-events.ts";
import { describeStatusProblem, forbiddenFindings } from "../status/writer/status-problem.ts";
import { StatusWriter } from "../status/writer/status-writer.ts";
import type { RunningTelemetry } from "../telemetry/create-telemetry.ts";
import type { Logger } from "../telemetry/log.ts";

export type ApiWritersOptions = {
  readonly client: KubeClient;
  readonly source: KubeSource;
  readonly controllerName: string;
  /** Of this replica: the pod's name. */
  readonly instance: string;
  readonly telemetry: RunningTelemetry;
  readonly log: Logger;
  /** Called when {@link ApiWriters.findings} have changed. */
  readonly onFindings: () => void;
};

/** What a controller that leads tells the API server: statuses, the finalizer of GatewayClasses, and Events. One that follows takes everything in and writes nothing. */
export class ApiWriters {
  readonly #statuses: StatusWriter;
  readonly #finalizers: ClassFinalizers;
  readonly #events: EventRecorder;
  readonly #said = new ObjectEvents();
  readonly #telemetry: RunningTelemetry;
  #told: "everything" | "standing-by" = "everything";
  #configuration: Configuration<MergedStatus> | undefined;

  constructor({ client, source, controllerName, instance, telemetry, log, onFindings }: ApiWritersOptions) {
    this.#telemetry = telemetry;
    this.#statuses = new StatusWriter({
      client,
      live: source.live,
      controllerName,
      onProblem: (problem) => log.warn(describeStatusProblem(problem), { event: "status" }),
      onForbidden: onFindings,
      onResult: (kind, result) => telemetry.counter("gateway_status_writes_total", kind, result).add(1),
    });
    this.#finalizers = new ClassFinalizers({
      client,
      live: source.live,
      controllerName,
      onError: (error, name) => log.warn(`The finalizer of GatewayClass ${name} could not be written.`, { error }),
    });
    this.#events = new EventRecorder({
      client,
      controller: controllerName,
      instance,
      onResult: (result) => telemetry.counter("gateway_events_total", result).add(1),
      onError: (error) => log.debug("An Event could not be sent.", { error }),
    });
  }

  /** What keeps statuses from being written. */
  get findings(): readonly Finding[] {
    return forbiddenFindings(this.#statuses.forbidden);
  }

  /** A turn of the control loop ended. */
  update(configuration: Configuration<MergedStatus>): void {
    const { status, snapshot } = configuration;
    this.#configuration = configuration;
    this.#statuses.update({ status, snapshot });
    this.#finalizers.update({ status, snapshot });
    this.#observe();
    this.#telemetry.gauge("gateway_status_writes_pending").set(this.#statuses.pending);
  }

  /** The Event that says why nothing is written, and nothing else. */
  standBy(): void {
    this.#told = "standing-by";
    this.#observe();
    this.#events.start();
  }

  #observe(): void {
    if (!this.#configuration) return;
    const { findings, status, snapshot } = this.#configuration;
    const told =
      this.#told === "everything"
        ? { findings, status }
        : { findings: findings.filter(({ name }) => name === "installation-standing-by"), status: [] };
    this.#events.observe(this.#said.take({ ...told, snapshot }));
  }

  start(): void {
    this.#told = "everything";
    this.#observe();
    this.#statuses.start();
    this.#finalizers.start();
    this.#events.start();
  }

  /** Resolves when no request is on its way any more. */
  async stop(): Promise<void> {
    await Promise.all([this.#statuses.stop(), this.#finalizers.stop(), this.#events.stop()]);
  }
}
