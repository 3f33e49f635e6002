import type { DataPlane } from "../infrastructure/data-plane.ts";

/** Where the certificate for the configuration stream is mounted: `tls.crt`, `tls.key`, `ca.crt`. */
export const certificatesFolder = "/var/run/sluice/identity";
/** Where a proxy keeps the last good configuration. */
export const stateFolder = "/var/lib/sluice";

/** What `sluice proxy` is told at its start. What can change while it runs comes over the stream: {@link streamSettings}. */
export function proxyArguments(
  { settings }: DataPlane,
  { controllerAddress, adminPort }: { readonly controllerAddress: string; readonly adminPort: number },
): readonly string[] {
  return [
    "proxy",
    `--controller=${controllerAddress}`,
    `--certificates=${certificatesFolder}`,
    `--state-dir=${stateFolder}`,
    `--admin=*:${adminPort}`,
    `--log-format=${settings.logging.format}`,
    `--drain-seconds=${settings.drainSeconds}`,
  ];
}

/** What the proxies of a data plane are told over the configuration stream: a change restarts no pod. */
export function streamSettings({ settings }: DataPlane) {
  return { accessLog: settings.logging.accessLog } as const;
}
