/** How a host moves from an Ingress controller to a Gateway: a table of steps, each with what is looked at before it and what undoes it. */

export const stages = ["ingress", "sideBySide", "mirror", "percentage", "cutOver", "cleanedUp"] as const;
export type Stage = (typeof stages)[number];

export type HostState = {
  readonly hostname: string;
  readonly stage: Stage;
  /** Per cent of the requests that the Gateway serves itself: 1 to 99 in the stage `percentage`, 0 or 100 otherwise. */
  readonly weight: number;
  /** When it came to the stage. RFC 3339. */
  readonly since: string;
};

/** How long an Ingress is kept after its host was cut over. */
export const keepHours = 48;

/** Shares that `migrate apply` takes one after the other where none is given. Per cent. */
export const weightLadder = [1, 10, 50] as const;

const checkNames = [
  "converted",
  "accepted",
  "answersAlike",
  "certificate",
  "dnsTtl",
  "clientAddresses",
  "dnsMoved",
  "kept",
] as const;
export type CheckName = (typeof checkNames)[number];

export type Step = {
  readonly command: "apply" | "cutover" | "cleanup";
  readonly from: readonly Stage[];
  readonly to: Stage;
  readonly does: string;
  readonly checks: readonly CheckName[];
  /** The way back. */
  readonly back: string;
};

/** In the order in which they are offered. `apply` takes the first that leads from where the host is; the others are asked for by `--stage`. */
export const steps: readonly Step[] = [
  {
    command: "apply",
    from: ["ingress"],
    to: "sideBySide",
    does: "applies the converted routes and policies of the host; external-dns leaves them alone, so that no client comes",
    checks: ["converted", "accepted"],
    back: "removes them again; no client has seen them",
  },
  {
    command: "apply",
    from: ["sideBySide"],
    to: "mirror",
    does: "has the Ingress controller send a copy of each request to the Gateway (mirror-target)",
    checks: ["accepted", "answersAlike"],
    back: "takes the annotation away",
  },
  {
    command: "apply",
    from: ["mirror", "sideBySide", "percentage"],
    to: "percentage",
    does: "lets the Gateway answer for the host, and send all but the given share to the Ingress controller; the host's DNS has to point to the Gateway for it",
    checks: ["accepted", "answersAlike", "certificate", "dnsTtl", "clientAddresses"],
    back: "sends everything to the Ingress controller; DNS may point to either",
  },
  {
    command: "cutover",
    from: ["sideBySide", "mirror", "percentage"],
    to: "cutOver",
    does: "lets the Gateway serve the host alone; the host's DNS has to point to it",
    checks: ["accepted", "answersAlike", "certificate", "dnsTtl"],
    back: "the Ingress is still there: DNS back to the Ingress controller, and it serves as before",
  },
  {
    command: "cleanup",
    from: ["cutOver"],
    to: "cleanedUp",
    does: "removes the host from its Ingresses, and Ingresses that have no other",
    checks: ["kept", "dnsMoved", "accepted"],
    back: "none: apply the Ingress again from where you keep it",
  },
];
