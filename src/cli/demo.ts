import { fileURLToPath } from "node:url";
import { routeRows } from "../admin/route-rows.ts";
import { UsageError } from "../base/usage-error.ts";
import type { Configuration } from "../control/control-state.ts";
import { startFolderThread } from "../source/folder/worker/folder-thread.ts";
import type { Command } from "./command.ts";
import type { FlagValues } from "./flags.ts";
import { printable } from "./render/printable.ts";
import { renderRoutes } from "./render/routes.ts";
import { serve } from "./serve.ts";
import { type ServingListener, servingListeners } from "./serve-report.ts";

/** In the package, beside the sources and the compiled files alike. */
const quickstart = fileURLToPath(new URL("../../examples/quickstart", import.meta.url));

/** `sluice demo`: serves the quickstart example with stand-ins and prints what to try. */
export const demo: Command = async ({ flags, terminal }) => {
  const settings: FlagValues = {
    ...flags,
    stubBackends: true,
    selfSigned: true,
    mapPort: [
      { listenerPort: 80, localPort: flags.httpPort },
      { listenerPort: 443, localPort: flags.httpsPort },
    ],
  };
  const paths = [quickstart];
  return serve({
    command: "demo",
    paths,
    thread: startFolderThread({ paths, watch: flags.watch ? "changes" : "nothing" }),
    flags: settings,
    terminal,
    verify: (configuration) => {
      const taken = findTakenPort(configuration, flags);
      if (taken) throw new UsageError(taken);
    },
    onServing: (configuration) => {
      if (flags.quiet || flags.logFormat === "json") return;
      const listeners = servingListeners(configuration);
      terminal.out(`\n${renderRoutes(routeRows(configuration.result.routing))}\n${renderTips(listeners)}`);
    },
  });
};

/** The demo is all or nothing: with one of its ports missing, half of what it prints would not work. */
function findTakenPort({ report, result }: Configuration, { httpPort, httpsPort }: FlagValues): string | undefined {
  for (const listener of result.routing.gateways.flatMap((gateway) => gateway.listeners)) {
    const bound = report.listeners[listener.key];
    if (!bound || bound.state === "programmed") continue;
    const [port, flag, other] = listener.port === 80 ? [httpPort, "--port", 9080] : [httpsPort, "--https-port", 9443];
    const reason = bound.code === "EADDRINUSE" ? "is taken by another process" : `cannot be used (${bound.message})`;
    return `Port ${port} ${reason}. Choose another: ${flag} ${other}`;
  }
  return undefined;
}

function renderTips(listeners: readonly ServingListener[]): string {
  const portOf = (port: number) => listeners.find((listener) => listener.port === port)?.localPort ?? port;
  const http = `http://127.0.0.1:${portOf(80)}`;
  const https = portOf(443);
  const tips: readonly (readonly [string, string])[] = [
    [`curl ${http}/`, "the route for every host"],
    [`curl -H 'Host: shop.localhost' ${http}/`, "the shop"],
    [`curl -H 'Host: shop.localhost' ${http}/api/items`, "nine of ten from api-v1, one from api-v2"],
    [`curl -i -H 'Host: shop.localhost' -H 'X-Preview: true' ${http}/api/items`, "always api-v2, by a header"],
    [`curl -i -H 'Host: shop.localhost' ${http}/old-offers`, "a redirect"],
    [`curl -H 'Host: shop.localhost' ${http}/chat/rooms`, "the backend sees /rooms"],
    [`curl -k --resolve shop.localhost:${https}:127.0.0.1 https://shop.localhost:${https}/`, "the same over HTTPS"],
  ];
  const lines = tips.map(([line, does]) => `  ${line}\n      ${does}`);
  return `Try in another terminal:\n\n${lines.join("\n")}\n\nChange ${printable(quickstart)} and watch it reload. Ctrl-C stops.\n`;
}
