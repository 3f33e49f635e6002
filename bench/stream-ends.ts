import { applyDelta } from "../src/config-stream/delta.ts";
import { digestOf } from "../src/config-stream/digest.ts";
import { type PlaneState, parseControllerMessage } from "../src/config-stream/protocol.ts";
import { PublishedState } from "../src/config-stream/published-state.ts";
import type { HeldState } from "../src/config-stream/stream-client.ts";
import { type UpdatePart, UpdateSplitter } from "../src/config-stream/update-splitter.ts";
import type { PlaneUpdate } from "../src/ir/plane.ts";
import { SecretTable } from "../src/ir/secret-table.ts";

const dataPlane = "infra/g";
const settings = {};

/** The controller's end of a configuration stream, without the stream. */
export class Publisher {
  readonly #splitter = new UpdateSplitter(() => dataPlane);
  #published: PublishedState | undefined;

  split(update: PlaneUpdate): UpdatePart {
    return this.#splitter.split(update).get(dataPlane)!;
  }

  publish(part: UpdatePart): string {
    const before = this.#published;
    const given: PlaneState = { ...part, settings };
    this.#published = before?.next(given) ?? PublishedState.first(given);
    return this.#published.lineFrom(before);
  }
}

/** The proxy's end. */
export class FollowingProxy {
  #held: HeldState | undefined;
  #secrets: SecretTable | undefined;

  take(line: string): HeldState {
    const message = parseControllerMessage(line);
    if (message.kind !== "state" && message.kind !== "delta") throw new Error("nothing changed");
    const state =
      message.kind === "state" ? message.state : (applyDelta(this.#held?.state, message.delta) as PlaneState);
    if (digestOf(state) !== message.hash) throw new Error("the proxy holds another state than the controller");
    this.#held = { hash: message.hash, state };
    return this.#held;
  }

  update({ state }: HeldState, generation: number): PlaneUpdate {
    this.#secrets ??= SecretTable.importUnredacted(state.secrets);
    return { generation, routing: state.routing, endpoints: state.endpoints, secrets: this.#secrets };
  }
}
