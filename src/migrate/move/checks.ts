/** What is looked at before a step, judged from what was found out. Pure: the command line asks the network. */
import { type CheckName, type HostState, keepHours } from "./stages.ts";

/** What was found out of a host. `undefined`: nobody could or would look. */
export type HostFacts = {
  /** Converted routes that name the host. */
  readonly routes: number;
  /** Why the routes or their Gateways are not served, in sentences; empty: they are. */
  readonly problems: readonly string[] | undefined;
  /** Differences between the answers of both sides; empty: there is none. */
  readonly differences: readonly string[] | undefined;
  /** Of the certificate that the Gateway shows for the host. */
  readonly certificate:
    | { readonly daysLeft: number; readonly namesHost: boolean; readonly complete: boolean }
    | undefined;
  /** Seconds that resolvers may keep the host's address. */
  readonly dnsTtlSeconds: number | undefined;
  /** Whether the host's address is the Gateway's. */
  readonly dnsMoved: boolean | undefined;
  /** Whether the Ingress controller believes the Gateway who the client is (`use-forwarded-headers`). */
  readonly forwardedHeaders: boolean | undefined;
};

export type CheckResult = {
  readonly check: CheckName;
  /** `unknown` holds nobody up, but is said. */
  readonly result: "passed" | "failed" | "unknown";
  readonly says: string;
};

/** Resolvers that keep an address longer make a way back slow. */
const longestTtlSeconds = 300;

export function judgeChecks(
  checks: readonly CheckName[],
  known: { readonly state: HostState; readonly facts: HostFacts; readonly nowMs: number },
): readonly CheckResult[] {
  return checks.map((check) => ({ check, ...judges[check](known) }));
}

type Known = Parameters<typeof judgeChecks>[1];
type Judgement = Omit<CheckResult, "check">;

const passed = (says: string): Judgement => ({ result: "passed", says });
const failed = (says: string): Judgement => ({ result: "failed", says });
const unknown = (says: string): Judgement => ({ result: "unknown", says });

const judges: Readonly<Record<CheckName, (known: Known) => Judgement>> = {
  converted: ({ facts }) =>
    facts.routes > 0
      ? passed(`converted routes name the host (${facts.routes})`)
      : failed("no converted route names the host: run sluice migrate convert, and give its output too"),
  accepted: ({ facts: { problems } }) => {
    if (problems === undefined) return unknown("whether the Gateway accepts the routes is not known");
    return problems.length === 0 ? passed("the Gateway accepts the routes") : failed(problems.slice(0, 3).join(" "));
  },
  answersAlike: ({ facts: { differences } }) => {
    if (differences === undefined) return unknown("answers were not compared: give --old-address and --new-address");
    return differences.length === 0 ? passed("both sides answer alike") : failed(differences.slice(0, 3).join(" "));
  },
  certificate: ({ facts: { certificate } }) => {
    if (certificate === undefined) return unknown("the Gateway's certificate was not looked at: give --new-address");
    if (!certificate.namesHost) return failed("the Gateway's certificate does not name the host");
    if (!certificate.complete)
      return failed("the Gateway's certificate comes without the intermediates that clients need");
    if (certificate.daysLeft < 0) return failed("the Gateway's certificate has expired");
    return passed(`the Gateway's certificate names the host and lasts ${certificate.daysLeft} days`);
  },
  dnsTtl: ({ facts: { dnsTtlSeconds } }) => {
    if (dnsTtlSeconds === undefined) return unknown("how long resolvers keep the host's address is not known");
    return dnsTtlSeconds <= longestTtlSeconds
      ? passed(`resolvers keep the host's address for ${dnsTtlSeconds} s`)
      : failed(
          `resolvers keep the host's address for ${dnsTtlSeconds} s: set its TTL to ${longestTtlSeconds} s or less, and wait that long`,
        );
  },
  clientAddresses: ({ facts: { forwardedHeaders } }) => {
    if (forwardedHeaders === undefined)
      return unknown(
        "whether the Ingress controller takes the client's address from the Gateway is not known (use-forwarded-headers)",
      );
    return forwardedHeaders
      ? passed("the Ingress controller takes the client's address from the Gateway")
      : failed(
          "the Ingress controller would take the Gateway for the client: set use-forwarded-headers in its ConfigMap, with proxy-real-ip-cidr",
        );
  },
  dnsMoved: ({ facts: { dnsMoved } }) => {
    if (dnsMoved === undefined) return unknown("where the host's DNS points is not known: give --new-address");
    return dnsMoved
      ? passed("the host's DNS points to the Gateway")
      : failed("the host's DNS does not point to the Gateway");
  },
  kept: ({ state, nowMs }) => {
    const hours = (nowMs - Date.parse(state.since)) / 3_600_000;
    return hours >= keepHours
      ? passed(`the host was cut over ${Math.floor(hours)} h ago`)
      : failed(`the host was cut over ${Math.floor(hours)} h ago: the Ingress is kept for ${keepHours} h`);
  },
};
