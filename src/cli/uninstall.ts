import { uninstallFrom } from "../install/cluster/uninstall-from.ts";
import { initialOptions } from "../install/options.ts";
import { openClusterClient } from "./cluster-client.ts";
import type { Command } from "./command.ts";

/** `sluice uninstall`. */
export const uninstall: Command = async ({ flags, terminal }) => {
  await using opened = await openClusterClient(flags, "sluice-install");
  const { installNamespace, force, purge, dryRun, timeoutSeconds } = flags;
  const tell = dryRun ? terminal.out : terminal.err;
  return await uninstallFrom(opened.client, {
    ...{ force, purge, dryRun, server: opened.server },
    namespace: installNamespace ?? initialOptions("").namespace,
    say: (line) => tell(`${line}\n`),
    waitMs: timeoutSeconds * 1000,
  });
};
