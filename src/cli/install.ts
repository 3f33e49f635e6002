import { installInto } from "../install/cluster/install-into.ts";
import { installObjects } from "../install/manifests.ts";
import { openClusterClient } from "./cluster-client.ts";
import type { Command } from "./command.ts";
import { readInstallOptions } from "./install-options.ts";
import { renderData } from "./render/data.ts";
import { packageVersion } from "./version.ts";

/** `sluice install`. */
export const install: Command = async ({ flags, terminal }) => {
  const version = packageVersion();
  const options = readInstallOptions(flags, version);
  const objects = installObjects(options, version);
  if (flags.dryRun) {
    const format = flags.output === "json" ? "json" : "yaml";
    if (format === "json") terminal.out(renderData({ apiVersion: "v1", kind: "List", items: objects }, format));
    else terminal.out(objects.map((object) => `---\n${renderData(object, format)}`).join(""));
    return 0;
  }
  await using opened = await openClusterClient(flags, "sluice-install");
  return await installInto(opened.client, objects, {
    ...{ options, server: opened.server },
    say: (line) => terminal.err(`${line}\n`),
    waitMs: flags.wait ? flags.timeoutSeconds * 1000 : 0,
  });
};
