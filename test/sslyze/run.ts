/**
 * The TLS judge: sslyze against HTTPS listeners of the embedded plane on loopback, with its check of Mozilla's configurations
 * and its scans for known weaknesses. Ends with `N passed, N failed`.
 *
 *   npm run check:sslyze
 *
 * sslyze is installed once into a Python environment in the user's cache folder; without Python this judge is skipped and says so.
 */
import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { EmbeddedPlane } from "../../src/proxy/embedded-plane.ts";
import { createTelemetry } from "../../src/telemetry/create-telemetry.ts";
import { buildUpdate } from "../plane/model-builder.ts";
import { httpsListener, type ListenerTlsSettings, type Secrets, terminate } from "../plane/tls-model.ts";
import { makeCertificate } from "../test-certificate.ts";

const version = "6.3.1";

/** A Python that has sslyze; made when there is none. `undefined`: it cannot be. */
function findPython(): string | undefined {
  const folder = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "sluice", `sslyze-${version}`);
  const python = join(folder, "bin", "python");
  const runs = (): boolean => existsSync(python) && spawnSync(python, ["-m", "sslyze", "--help"]).status === 0;
  if (runs()) return python;
  mkdirSync(folder, { recursive: true });
  const stdio = ["ignore", "ignore", "inherit"] as const;
  const made = spawnSync("python3", ["-m", "venv", "--clear", folder], { stdio: [...stdio] });
  if (made.status !== 0) return undefined;
  spawnSync(python, ["-m", "pip", "install", "--quiet", `sslyze==${version}`], { stdio: [...stdio] });
  return runs() ? python : undefined;
}

const python = findPython();
if (python === undefined) {
  console.log("skipped: sslyze needs Python 3 with venv and pip to be installed once, and that did not work here");
  process.exit(0);
}

const host = "localhost";
const root = makeCertificate({ commonName: "judge root", authority: "yes", webPki: "yes" });
/** Valid for 60 days: a modern configuration allows no more than 90. */
const leaf = (keyType: "ec" | "rsa") =>
  makeCertificate({
    names: [host],
    issuer: root,
    keyType,
    webPki: "yes",
    from: new Date(Date.now() - 86_400_000).toISOString(),
    to: new Date(Date.now() + 59 * 86_400_000).toISOString(),
  });

type Case = {
  readonly title: string;
  readonly keys: readonly ("ec" | "rsa")[];
  readonly settings?: Partial<ListenerTlsSettings>;
  /** Mozilla's name of what the listener is to comply with. */
  readonly profile: "intermediate" | "modern";
};

const cases: readonly Case[] = [
  { title: "default profile, ECDSA", keys: ["ec"], profile: "intermediate" },
  { title: "default profile, RSA", keys: ["rsa"], profile: "intermediate" },
  { title: "default profile, ECDSA and RSA", keys: ["ec", "rsa"], profile: "intermediate" },
  { title: "modern profile, ECDSA", keys: ["ec"], settings: { minVersion: "TLSv1.3" }, profile: "modern" },
];

/** What sslyze writes of each scan: the fields that are judged. */
type Scan = { readonly result: Readonly<Record<string, unknown>> | null };

/** Weaknesses by scan: the field, and what it must hold. */
const weaknesses: readonly (readonly [scan: string, field: string, good: RegExp])[] = [
  ["tls_compression", "supports_compression", /^false$/],
  ["openssl_ccs_injection", "is_vulnerable_to_ccs_injection", /^false$/],
  ["tls_fallback_scsv", "supports_fallback_scsv", /^true$/],
  ["heartbleed", "is_vulnerable_to_heartbleed", /^false$/],
  ["robot", "robot_result", /^NOT_VULNERABLE/],
  ["session_renegotiation", "supports_secure_renegotiation", /^true$/],
  ["session_renegotiation", "is_vulnerable_to_client_renegotiation_dos", /^false$/],
  ["tls_extended_master_secret", "supports_ems_extension", /^true$/],
];
/** Of TLS 1.2, which a modern listener does not speak. */
const olderScans: ReadonlySet<string> = new Set([
  "tls_fallback_scsv",
  "session_renegotiation",
  "tls_extended_master_secret",
]);

let passed = 0;
let failed = 0;
function judge(good: boolean, text: string): void {
  if (good) passed++;
  else failed++;
  console.log(`  ${good ? "ok" : "FAILED"} ${text}`);
}

const folder = mkdtempSync(join(tmpdir(), "sluice-sslyze-"));
const rootFile = join(folder, "root.pem");
writeFileSync(rootFile, root.certPem);
try {
  for (const one of cases) await run(one);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function run({ title, keys, settings, profile }: Case): Promise<void> {
  console.log(`${title}:`);
  const secrets: Secrets = new Map();
  const tls = terminate(
    secrets,
    keys.map((key) => [leaf(key), [host]] as const),
    settings,
  );
  const telemetry = createTelemetry({ version: "sslyze" });
  const plane = new EmbeddedPlane({ telemetry, mapPort: () => 0 });
  try {
    await plane.apply(buildUpdate([httpsListener("judged", "", tls, 1)], secrets));
    const report = join(folder, "report.json");
    const args = ["-m", "sslyze", `--mozilla_config=${profile}`, "--certinfo_ca_file", rootFile, "--json_out", report];
    const { stdout } = await promisify(execFile)(python!, [
      ...args,
      `${host}:${plane.boundPort(443)}{127.0.0.1}`,
    ]).catch(
      // It says so by its exit status when the listener does not comply.
      (error: { readonly stdout?: string }) => ({ stdout: error.stdout ?? String(error) }),
    );
    const verdict = stdout.slice(stdout.lastIndexOf("COMPLIANCE AGAINST"));
    const complies = / OK - Compliant/.test(verdict);
    judge(complies, `complies with Mozilla's ${profile} configuration${complies ? "" : `\n${verdict}`}`);
    const scans = (
      JSON.parse(readFileSync(report, "utf8")) as {
        readonly server_scan_results: readonly [{ readonly scan_result: Readonly<Record<string, Scan>> }];
      }
    ).server_scan_results[0].scan_result;
    for (const [scan, field, good] of weaknesses) {
      if (profile === "modern" && olderScans.has(scan)) continue;
      const value = String(scans[scan]?.result?.[field]);
      judge(good.test(value), `${field}: ${value}`);
    }
  } finally {
    await plane.drain(0);
    await telemetry.close();
  }
}
