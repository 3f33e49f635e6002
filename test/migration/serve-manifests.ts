/** Serves manifests as `sluice run` does: the same reading, compiler and plane, in this process or in one of its own. */

import { runToEnd } from "../../src/base/steps.ts";
import { createCompiler } from "../../src/cli/compile-snapshot.ts";
import { type FlagValues, initialFlags } from "../../src/cli/flags.ts";
import { planeOptions } from "../../src/cli/plane-options.ts";
import { openLog } from "../../src/cli/process-parts.ts";
import { EmbeddedPlane } from "../../src/proxy/embedded-plane.ts";
import { loadPaths } from "../../src/source/folder/load-paths.ts";
import { createTelemetry } from "../../src/telemetry/create-telemetry.ts";
import { SluiceProcess } from "../cli/sluice-process.ts";
import { gatewayAddress } from "./own-network.ts";

export type ServedManifests = AsyncDisposable & {
  /** Names of the findings. */
  readonly findings: readonly string[];
};

/** Which classes are served. */
export type ServedClasses = Pick<FlagValues, "ingressClass" | "adoptClasses">;

/** In this process: fast, and with nothing left of what was served before. */
export async function serveHere(path: string, classes: ServedClasses): Promise<ServedManifests> {
  const flags: FlagValues = { ...initialFlags(), ...classes, bind: gatewayAddress };
  const { snapshot, findings } = await loadPaths([path]);
  const result = runToEnd(createCompiler("run", flags)(snapshot));
  const telemetry = createTelemetry({ version: "test" });
  const terminal = { out: () => {}, err: (line: string) => process.stderr.write(line), color: false, errColor: false };
  const plane = new EmbeddedPlane(await planeOptions(flags, { telemetry, log: openLog(flags, terminal) }));
  const { listeners } = await plane.apply({ generation: 1, ...result });
  for (const [key, report] of Object.entries(listeners))
    if (report.state === "failed") throw new Error(`${key}: ${report.message}`);
  return {
    findings: [...findings, ...result.findings].map(({ name }) => name),
    [Symbol.asyncDispose]: async () => {
      await plane.drain(0);
      await telemetry.close();
    },
  };
}

/** In a process of its own, as people start it. */
export async function serveInProcess(path: string, classes: ServedClasses): Promise<ServedManifests> {
  const flags = [
    ...classes.ingressClass.flatMap((name) => ["--ingress-class", name]),
    ...(classes.adoptClasses ? ["--adopt-classes"] : []),
  ];
  const sluice = await SluiceProcess.start(["run", path, ...flags, "--bind", gatewayAddress, "--no-watch"]);
  const { admin } = await sluice.ready();
  const { findings } = (await (await fetch(`http://${admin}/findings`)).json()) as {
    readonly findings: readonly { readonly name: string }[];
  };
  return {
    findings: findings.map(({ name }) => name),
    [Symbol.asyncDispose]: () => sluice[Symbol.asyncDispose](),
  };
}
