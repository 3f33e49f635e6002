/** Helm, built from its Go module into the user's cache. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

/** Both lines that are maintained. */
export const helmReleases = ["helm.sh/helm/v3/cmd/helm@v3.22.0", "helm.sh/helm/v4/cmd/helm@v4.3.1"] as const;

export type HelmRelease = (typeof helmReleases)[number];

const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "sluice/helm");

/** The path of a release; `undefined` when it has not been built. */
export function findHelm(release: HelmRelease): string | undefined {
  const binary = join(folderOf(release), "helm");
  return existsSync(binary) ? binary : undefined;
}

/** The path of a release; minutes the first time. */
export function buildHelm(release: HelmRelease): string {
  const found = findHelm(release);
  if (found !== undefined) return found;
  const bin = folderOf(release);
  console.log(`building ${release} into ${bin}`);
  const env = { ...process.env, CGO_ENABLED: "0", GOTOOLCHAIN: "auto", GOFLAGS: "", GOBIN: bin };
  execFileSync("go", ["install", "-trimpath", "-ldflags=-s -w", release], { cwd: tmpdir(), env, stdio: "inherit" });
  return join(bin, "helm");
}

/** Runs Helm with nothing of the user's settings, which are in `folder` instead. */
export function runHelm(binary: string, args: readonly string[], folder: string) {
  const env = { ...process.env, HELM_CONFIG_HOME: folder, HELM_CACHE_HOME: folder, HELM_DATA_HOME: folder };
  return spawnSync(binary, args, { encoding: "utf8", env, timeout: 60_000 });
}

const folderOf = (release: HelmRelease): string => join(cache, release.slice(release.indexOf("@") + 1));
