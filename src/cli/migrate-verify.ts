import { readFileSync } from "node:fs";
import { reasonOf, UsageError } from "../base/usage-error.ts";
import type { CompileResult } from "../compile/contract.ts";
import { observeLive } from "../migrate/observe/observe-live.ts";
import { observePlanes } from "../migrate/observe/observe-planes.ts";
import { type AskedHost, deriveRequests } from "../migrate/verify/derive-probes.ts";
import { placeRequests } from "../migrate/verify/logged-requests.ts";
import { readAccessLog } from "../migrate/verify/read-access-log.ts";
import { type Side, sideOf } from "../migrate/verify/side.ts";
import { type Difference, verify } from "../migrate/verify/verify.ts";
import type { Command } from "./command.ts";
import { compileSnapshot } from "./compile-snapshot.ts";
import type { FlagValues } from "./flags.ts";
import { migratedIngresses } from "./migrated-ingresses.ts";
import { readPaths } from "./read-paths.ts";
import { renderData } from "./render/data.ts";
import { countFindings } from "./render/findings.ts";
import { renderVerification } from "./render/verification.ts";

/** `sluice migrate verify`. */
export const migrateVerify: Command = async ({ args, flags, terminal }) => {
  const [oldPath = "", newPath = ""] = args;
  const [old, fresh] = [await compilePath(oldPath, flags), await compilePath(newPath, flags)];
  const [before, after] = [sideOf(old.routing, old.secrets), sideOf(fresh.routing, fresh.secrets)];
  const [oldGateway, newGateway, third] = flags.live;
  if ((oldGateway === undefined) !== (newGateway === undefined) || third !== undefined)
    throw new UsageError("--live is given twice: the gateway of OLD, then that of NEW.");
  const log = flags.mirror === undefined ? undefined : readLog(flags.mirror, before);
  const asked = log?.hosts ?? deriveRequests([before, after]);
  if (log && log.unused > 0)
    terminal.err(`${log.unused} lines of ${flags.mirror} do not tell a request and its host.\n`);
  const live = oldGateway && newGateway ? observeLive(oldGateway, newGateway) : undefined;
  const verification = await verify(before, after, live ?? observePlanes(before, after), {
    asked,
    send: live === undefined ? "where settings differ" : flags.allMethods ? "all" : "safe",
  });
  const differences = verification.differences.map((difference) => ({
    ...difference,
    accepted: isAccepted(difference, flags.accept),
  }));
  const report = { ...verification, differences };
  const format = flags.output ?? "table";
  terminal.out(
    format === "json" || format === "yaml"
      ? renderData(report, format)
      : renderVerification(report, { old: oldPath, new: newPath }),
  );
  for (const [path, { findings }] of [
    [oldPath, old],
    [newPath, fresh],
  ] as const) {
    const { error } = countFindings(findings);
    if (error > 0)
      terminal.err(`${path} has ${error === 1 ? "an error" : `${error} errors`}: sluice check says more.\n`);
  }
  return differences.some(({ accepted }) => !accepted) ? 1 : 0;
};

/** What an access log says was asked. */
function readLog(file: string, old: Side): { readonly hosts: readonly AskedHost[]; readonly unused: number } {
  let text: string;
  try {
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${reasonOf(error)}.`);
  }
  const { requests, unread } = readAccessLog(text);
  const { hosts, homeless } = placeRequests(requests, old);
  return { hosts, unused: unread + homeless };
}

/** Everything in it is served, whatever its class; what is not part of it, such as Services, is taken to be there. */
async function compilePath(path: string, flags: FlagValues): Promise<CompileResult> {
  const { snapshot } = await readPaths([path]);
  const { classes, arguments: ingressArgument } = migratedIngresses(flags, snapshot);
  const result = compileSnapshot("migrate verify", snapshot, {
    ...flags,
    ingressClass: classes,
    ingressWithoutClass: true,
    ingressArgument,
    adoptClasses: true,
    stubBackends: true,
    selfSigned: true,
    allowExternalName: true,
  });
  if (result.routing.gateways.every(({ listeners }) => listeners.length === 0))
    throw new UsageError(`${path} has nothing that would be served: neither an Ingress nor a Gateway with a listener.`);
  return result;
}

/** `KIND`, or `KIND@HOST`. */
function isAccepted({ kind, host }: Difference, accept: readonly string[]): boolean {
  return accept.includes(kind) || accept.includes(`${kind}@${host}`);
}
