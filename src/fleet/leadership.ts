import type { LeaderElection } from "../kube/leader-election.ts";
import type { InstallationClaim } from "../status/writer/installation-claim.ts";

/**
 * What a replica does. `follow`: another replica of its installation leads. `standBy`: it leads its installation, and another
 * installation is in charge of the controllerName. `lead`: it alone writes.
 */
export type Role = "follow" | "standBy" | "lead";

export type LeadershipOptions = {
  /** Absent: there is no other replica. */
  readonly election: LeaderElection | undefined;
  readonly claim: InstallationClaim;
  readonly onRole: (role: Role) => void;
};

/** Decides who writes: the replica that leads its installation, as long as that installation is in charge of the controllerName. */
export class Leadership {
  readonly #options: LeadershipOptions;
  #role: Role | undefined;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    options.election?.subscribe(({ phase }) => {
      if (phase !== "stopped") this.#elected(phase === "leading");
    });
    options.claim.subscribe(({ kind }) => {
      if (kind !== "pending") this.#become(kind === "ours" ? "lead" : "standBy");
    });
  }

  /** Begins to stand for election. Once. */
  start(): void {
    if (this.#options.election) this.#options.election.start();
    else this.#elected(true);
  }

  /** Gives the Lease up, so that another replica can lead at once. What the role was goes on being said. */
  async stop(): Promise<void> {
    await this.#options.claim.stop();
    await this.#options.election?.stop();
  }

  #elected(leads: boolean): void {
    if (leads) {
      this.#options.claim.start();
    } else {
      void this.#options.claim.stop();
      this.#become("follow");
    }
  }

  #become(role: Role): void {
    if (this.#role === role) return;
    this.#role = role;
    this.#options.onRole(role);
  }
}
