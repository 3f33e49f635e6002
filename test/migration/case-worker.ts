/** Serves recorded cases in namespaces of its own, one after the other, as the parent process names them. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Terminal } from "../../src/cli/command.ts";
import { compileSnapshot } from "../../src/cli/compile-snapshot.ts";
import { initialFlags } from "../../src/cli/flags.ts";
import { runProgram } from "../../src/cli/program.ts";
import { loadPaths } from "../../src/source/folder/load-paths.ts";
import { makeCertificate } from "../test-certificate.ts";
import { askAll } from "./ask.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { EchoBackend } from "./echo-backend.ts";
import { gatewayAddress, OwnNetwork } from "./own-network.ts";
import { type ServedClasses, serveHere, serveInProcess } from "./serve-manifests.ts";
import { renderManifests, type ServedCase, serveCase } from "./served-manifests.ts";
import { type Answer, type Manifest, readTruth, type TruthCase } from "./truth-case.ts";

/** What a case came to. */
export type CaseResult = {
  readonly name: string;
  readonly answers: readonly Answer[];
  /** Names of the findings of what is served. */
  readonly findings: readonly string[];
  /** `check` reports an error at the Ingress that the API server refused; `true` where none was refused. */
  readonly refused: boolean;
  /** What is answered where the Ingresses are served as they are, and the kinds of differences that `migrate verify` names. */
  readonly verified: { readonly answers: readonly Answer[]; readonly kinds: readonly string[] } | undefined;
  /** Why there are no answers. */
  readonly failure: string | undefined;
  readonly tookMs: number;
};

/** How cases are served, and whether each has a process of its own. */
const [servedAs = "ingress", processes = "shared"] = process.argv.slice(2);
const serveManifests = processes === "own" ? serveInProcess : serveHere;

const folder = mkdtempSync(join(tmpdir(), "sluice-truth-"));
const network = new OwnNetwork(folder);
const certificates = makeCertificates();
const cases = new Map(readTruth().map((one) => [one.name, one]));

process.on("message", async (name: string) => {
  const startMs = performance.now();
  const one = cases.get(name) as TruthCase;
  const result = await serve(one).catch((error: unknown) => ({
    answers: [],
    findings: [],
    refused: false,
    verified: undefined,
    failure: error instanceof Error ? error.message : String(error),
  }));
  process.send?.({ name, ...result, tookMs: Math.round(performance.now() - startMs) } satisfies CaseResult);
});
process.on("disconnect", () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit();
});
process.send?.("ready");

async function serve(one: TruthCase): Promise<Omit<CaseResult, "name" | "tookMs">> {
  const served = serveCase(one, certificates, { rejected: "left out" });
  await using backend = await listenFor(served, certificates);
  network.name(
    Object.fromEntries(served.services.map((service) => [dnsName(service.service), service.clusterAddress])),
  );
  const path = write("served", served);
  const ask = async (file: string, classes: ServedClasses): Promise<Pick<CaseResult, "answers" | "findings">> => {
    await using gateway = await serveManifests(file, classes);
    const { services } = served;
    const answers = await askAll(one.requests, { gateway: gatewayAddress, certificates, backend, services });
    return { answers, findings: gateway.findings };
  };
  const asIngress = { ingressClass: ["nginx"], adoptClasses: false };
  if (servedAs === "ingress")
    return { ...(await ask(path, asIngress)), refused: await isRefused(one), verified: undefined, failure: undefined };
  const conversion = await convert(path, served);
  const { answers, findings } = await ask(conversion.path, { ingressClass: [], adoptClasses: true });
  const verified =
    servedAs === "verified"
      ? { answers: (await ask(path, asIngress)).answers, kinds: await verify(path, conversion.path) }
      : undefined;
  return { answers, findings: [...findings, ...conversion.findings], refused: true, verified, failure: undefined };
}

/** The kinds of differences between both, without a network. */
async function verify(old: string, fresh: string): Promise<readonly string[]> {
  const out: string[] = [];
  const err: string[] = [];
  const terminal: Terminal = {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    color: false,
    errColor: false,
  };
  const code = await runProgram(["migrate", "verify", old, fresh, "--ingress-class", "nginx", "-o", "json"], terminal);
  if (code === 2) throw new Error(err.join(""));
  const { differences } = JSON.parse(out.join("")) as { readonly differences: readonly { readonly kind: string }[] };
  return [...new Set(differences.map(({ kind }) => kind))];
}

/** Converts the case, and writes what is not converted (Services and what they need) beside it. */
async function convert(
  path: string,
  { manifests }: ServedCase,
): Promise<{ path: string; findings: readonly string[] }> {
  const converted = join(folder, "converted");
  rmSync(converted, { recursive: true, force: true });
  const report = join(folder, "report.json");
  const argv = [
    "migrate",
    "convert",
    path,
    "--ingress-class",
    "nginx",
    "--default-certificate",
    "ingress-nginx/default",
    "--report",
    report,
    "--to",
    converted,
  ];
  let said = "";
  const say = (text: string): void => {
    said += text;
  };
  const code = await runProgram(argv, { out: say, err: say, color: false, errColor: false });
  if (code === 2) throw new Error(said);
  const others = manifests.filter(({ kind }) => !kind.startsWith("Ingress"));
  writeFileSync(join(converted, "others.yaml"), renderManifests([...others, defaultCertificate()]));
  const { findings } = JSON.parse(readFileSync(report, "utf8")) as { findings: { findings: { name: string }[] } };
  return { path: converted, findings: findings.findings.map(({ name }) => name) };
}

/** What ingress-nginx shows hosts without a certificate of their own. */
function defaultCertificate(): Manifest {
  const { certPem, keyPem } = makeCertificate({ names: ["ingress.local"] });
  const data = {
    "tls.crt": Buffer.from(certPem).toString("base64"),
    "tls.key": Buffer.from(keyPem).toString("base64"),
  };
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/tls",
    metadata: { name: "default", namespace: "ingress-nginx" },
    data,
  };
}

/** Whether an error of `check` stands at each Ingress that the API server refused. */
async function isRefused(one: TruthCase): Promise<boolean> {
  if (one.rejected.length === 0) return true;
  const path = write("all", serveCase(one, certificates, { rejected: "kept" }));
  const { snapshot, findings } = await loadPaths([path]);
  const flags = { ...initialFlags(), ingressClass: ["nginx"] };
  const errors = [...findings, ...compileSnapshot("check", snapshot, flags).findings].filter(
    ({ severity, object }) => severity === "error" && object.kind === "Ingress",
  );
  return one.rejected.every((name) => errors.some(({ object }) => `${object.namespace}/${object.name}` === name));
}

function write(name: string, { manifests }: ServedCase): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "manifests.yaml"), renderManifests(manifests));
  return path;
}

async function listenFor({ services }: ServedCase, of: Certificates): Promise<EchoBackend> {
  const backend = new EchoBackend(of);
  for (const { clusterAddress, endpoints, ports, listens } of services) {
    if (listens === "none") continue;
    for (const { port, targetPort } of ports) {
      if (endpoints.length > 0) await backend.listen(clusterAddress, port);
      for (const address of endpoints) await backend.listen(address, targetPort);
    }
  }
  return backend;
}

function dnsName(service: string): string {
  const [namespace = "", name = ""] = service.split("/");
  return `${name}.${namespace}.svc.cluster.local`;
}
