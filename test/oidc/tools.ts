/** What the judge needs of others: npm's `oidc-provider` and `playwright-core`, installed once into the user's cache, and Chromium. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const packages = ["oidc-provider@9.13.3", "playwright-core@1.65.1"] as const;
const installTimeoutMs = 600_000;

export type JudgeTools = {
  /** Entry of the package `oidc-provider`. */
  readonly providerModule: string;
  /** Entry of the package `playwright-core`. */
  readonly playwrightModule: string;
  readonly chromium: string;
};

/** Finds or installs them. A text: why they cannot be had here. */
export function findTools(): JudgeTools | string {
  const folder = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "sluice", "oidc");
  const providerModule = join(folder, "node_modules/oidc-provider/lib/index.js");
  const playwrightModule = join(folder, "node_modules/playwright-core/index.mjs");
  if (!existsSync(providerModule) || !existsSync(playwrightModule)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
    run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...packages], folder);
    if (!existsSync(providerModule) || !existsSync(playwrightModule))
      return `npm cannot install ${packages.join(", ")}`;
  }
  const chromium = findChromium() ?? installChromium();
  return chromium === undefined
    ? "there is no Chromium, and apt-get cannot install it"
    : { providerModule, playwrightModule, chromium };
}

function findChromium(): string | undefined {
  return ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));
}

function installChromium(): string | undefined {
  run("apt-get", ["update", "-qq"], "/");
  run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"], "/");
  return findChromium();
}

function run(command: string, args: readonly string[], cwd: string): void {
  spawnSync(command, args, { cwd, stdio: ["ignore", "ignore", "inherit"], timeout: installTimeoutMs });
}
