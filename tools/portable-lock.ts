/**
 * Makes `package-lock.json` install the same way on every machine; run it after any `npm install` that changes it.
 *
 * 1. Download addresses go, so that an install asks the registry that the machine is set up for; the integrity hashes
 *    stay. (npm's own option for it loses the entries of other platforms.)
 * 2. A platform package that this machine's registry does not carry gets an entry all the same: `npm ci` refuses a lock
 *    file that lacks one, and skips it by `os` and `cpu` where it does not fit.
 * 3. The Node that a package asks for goes: npm compares it with the Node that runs npm, and warns, although the scripts
 *    run on the Node that is a development dependency.
 */
import { readFileSync, writeFileSync } from "node:fs";

type Entry = {
  version?: string;
  resolved?: string;
  engines?: unknown;
  dev?: boolean;
  optional?: boolean;
  cpu?: string[];
  os?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
};

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, Entry> };
for (const entry of Object.values(lock.packages)) {
  delete entry.resolved;
  delete entry.engines;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const platform = /-(aix|android|darwin|freebsd|linux|netbsd|openbsd|sunos|win32)-([a-z0-9]+)(-musl)?$/.exec(name);
    if (platform === null || lock.packages[`node_modules/${name}`] !== undefined) continue;
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: [platform[2] ?? ""],
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      os: [platform[1] ?? ""],
      ...(platform[3] ? { libc: ["musl"] } : {}),
    };
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
