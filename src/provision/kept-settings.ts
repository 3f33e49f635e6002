import { hashJson } from "../base/hash.ts";
import { sameJson } from "../base/same-json.ts";
import type { ListenerSettings } from "../ir/listener-settings.ts";
import type { GatewayKey, GatewayModel, Listener, ListenerKey, RoutingModel } from "../ir/routing-model.ts";

/**
 * Leaves the settings of a Gateway's listeners as they were while its data plane is kept as it was: its GatewayConfig, which says
 * some of them, cannot be read. Of listeners that are not known from before, those that were compiled count.
 */
export class KeptSettings {
  #known: ReadonlyMap<ListenerKey, ListenerSettings> = new Map();
  /** What was made of a Gateway, so that one that stays as it is stays the same object. */
  #made = new WeakMap<GatewayModel, GatewayModel>();

  /** The model as it is to be served. */
  apply(routing: RoutingModel, isKept: (gateway: GatewayKey) => boolean): RoutingModel {
    const gateways = routing.gateways.map((gateway) => (isKept(gateway.key) ? this.#keep(gateway) : gateway));
    this.#known = new Map(
      gateways.flatMap(({ listeners }) => listeners.map(({ key, settings }) => [key, settings] as const)),
    );
    const same = gateways.every((gateway, place) => gateway === routing.gateways[place]);
    return same ? routing : { ...routing, gateways };
  }

  #keep(gateway: GatewayModel): GatewayModel {
    let made = this.#made.get(gateway);
    if (made === undefined) {
      const listeners = gateway.listeners.map((listener) => this.#keepListener(listener));
      const same = listeners.every((listener, place) => listener === gateway.listeners[place]);
      made = same ? gateway : { ...gateway, listeners };
      this.#made.set(gateway, made);
    }
    return made;
  }

  #keepListener(listener: Listener): Listener {
    const settings = this.#known.get(listener.key);
    if (settings === undefined || sameJson(settings, listener.settings)) return listener;
    return { ...listener, settings, hash: hashJson([listener.hash, settings]) };
  }
}
