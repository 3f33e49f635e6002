import { installObjects } from "../install/manifests.ts";
import { readKubeConfig } from "../kube/kube-config.ts";
import { openKubeClient } from "../kube/open-kube-client.ts";
import type { Command } from "./command.ts";
import { installInto } from "./install-into.ts";
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
  const access = await readKubeConfig({
    ...(flags.kubeconfig === undefined ? {} : { file: flags.kubeconfig }),
    ...(flags.context === undefined ? {} : { context: flags.context }),
  });
  const client = openKubeClient({ access, fieldManager: "sluice-install" });
  try {
    return await installInto(client, objects, {
      say: (line) => terminal.err(`${line}\n`),
      server: access.server,
      waitMs: flags.wait ? flags.timeoutSeconds * 1000 : 0,
    });
  } finally {
    await client.close();
  }
};
