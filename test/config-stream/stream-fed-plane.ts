import { applyDelta } from "../../src/config-stream/delta.ts";
import { digestOf } from "../../src/config-stream/digest.ts";
import { type PlaneState, parseControllerMessage } from "../../src/config-stream/protocol.ts";
import { PublishedState } from "../../src/config-stream/published-state.ts";
import { UpdateSplitter } from "../../src/config-stream/update-splitter.ts";
import type { PlaneReport, PlaneUpdate } from "../../src/ir/plane.ts";
import { SecretTable } from "../../src/ir/secret-table.ts";
import { EmbeddedPlane } from "../../src/proxy/embedded-plane.ts";

/** An embedded plane that is given what a proxy makes of a controller's messages: the first whole, then changes. */
export class StreamFedPlane extends EmbeddedPlane {
  readonly #splitter = new UpdateSplitter(() => "demo/web");
  #published: PublishedState | undefined;
  #held: PlaneState | undefined;

  override apply(update: PlaneUpdate): Promise<PlaneReport> {
    const part = this.#splitter.split(update).get("demo/web");
    const given: PlaneState = {
      ...(part ?? { routing: { gateways: [], clusters: {} }, endpoints: {}, secrets: {} }),
      settings: {},
    };
    const before = this.#published;
    const next = before?.next(given) ?? PublishedState.first(given);
    this.#published = next;
    const message = parseControllerMessage(next.lineFrom(before).trim());
    if (message.kind === "state") this.#held = message.state;
    if (message.kind === "delta") this.#held = applyDelta(this.#held, message.delta) as PlaneState;
    const held = this.#held!;
    if (digestOf(held) !== next.hash) throw new Error("the proxy holds another state than the controller");
    const { routing, endpoints } = held;
    return super.apply({
      generation: update.generation,
      routing,
      endpoints,
      secrets: SecretTable.importUnredacted(held.secrets),
    });
  }
}
