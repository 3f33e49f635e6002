import type { Clock } from "../base/clock.ts";
import { isJsonObject } from "../resource/json.ts";
import { type KubeClient, KubeError, type KubeObject } from "./kube-client.ts";
import { microTime } from "./lease.ts";
import { cutNote, eventName, eventNamespace, eventPath, type ObjectEvent } from "./object-event.ts";

export type EventWriterOptions = {
  readonly client: KubeClient;
  /** Who reports, such as `sluice.dev/gateway-controller`. */
  readonly controller: string;
  /** Which of the controller's processes: the pod's name. At most 128 characters. */
  readonly instance: string;
  readonly clock: Clock;
};

/** Writes single events to the API server. Rejects with what the server answers. */
export class EventWriter {
  readonly #options: EventWriterOptions;

  constructor(options: EventWriterOptions) {
    this.#options = options;
  }

  /** The count that the server has then; 0 when it has the event from before. */
  async create(event: ObjectEvent, signal: AbortSignal): Promise<number> {
    try {
      await this.#options.client.create(eventPath(event), this.#render(event), signal);
      return 1;
    } catch (error) {
      if (error instanceof KubeError && error.status === 409) return 0;
      throw error;
    }
  }

  /** The count that the server has then, after `by` more; `known` is the one before, 0 when that is to be asked for. */
  async countUp(
    event: ObjectEvent,
    { known, by }: { readonly known: number; readonly by: number },
    signal: AbortSignal,
  ): Promise<number> {
    const { client, controller, clock } = this.#options;
    const path = { ...eventPath(event), name: eventName(event) };
    try {
      const before = known > 0 ? known : countOf(await client.get(path, signal));
      const count = before + by;
      const series = { count, lastObservedTime: microTime(clock.nowMs()) };
      await client.patch(
        path,
        { series },
        { type: "merge", fieldManager: controller.split("/")[0] ?? controller, signal },
      );
      return count;
    } catch (error) {
      // The server has forgotten it.
      if (error instanceof KubeError && error.status === 404) return this.create(event, signal);
      throw error;
    }
  }

  #render(event: ObjectEvent): KubeObject {
    const { controller, instance, clock } = this.#options;
    return {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name: eventName(event), namespace: eventNamespace(event) },
      eventTime: microTime(clock.nowMs()),
      reportingController: controller,
      reportingInstance: instance.slice(0, 128),
      action: "Reconcile",
      reason: event.reason,
      regarding: event.regarding,
      note: cutNote(event.note),
      type: event.type,
    };
  }
}

function countOf(event: KubeObject): number {
  const series = event["series"];
  const count = isJsonObject(series) ? series["count"] : undefined;
  return typeof count === "number" && count > 0 ? count : 1;
}
