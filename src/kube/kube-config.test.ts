import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { ApiAccessError } from "./api-access.ts";
import { readKubeConfig } from "./kube-config.ts";

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "kube-config-"));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

type Parts = { readonly user?: object; readonly cluster?: object; readonly name?: string; readonly server?: string };

function kubeconfig({
  user = {},
  cluster = {},
  name = "test",
  server = "https://127.0.0.1:6443/",
}: Parts = {}): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server, ...cluster } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: `${name}-home` } }],
  });
}

const base64 = (text: string) => Buffer.from(text).toString("base64");
const says = (words: RegExp) => (error: unknown) => error instanceof ApiAccessError && words.test(error.message);

test("readKubeConfig: a file's server, authority, namespace, token and client certificate", () =>
  withFolder(async (folder) => {
    const file = join(folder, "config");
    const certificate = { "client-certificate-data": base64("CERT"), "client-key-data": base64("KEY") };
    await writeFile(join(folder, "ca.crt"), "CA");
    await writeFile(
      file,
      kubeconfig({
        user: { token: "secret", ...certificate },
        cluster: {
          "certificate-authority": "ca.crt",
          "tls-server-name": "api.example",
          "proxy-url": "http://proxy:3128",
        },
      }),
    );
    const access = await readKubeConfig({ file });
    const { server, tls, proxyUrl, namespace } = access;
    assert.deepEqual(
      { server, tls, proxyUrl, namespace },
      {
        server: "https://127.0.0.1:6443",
        tls: { ca: "CA", servername: "api.example" },
        proxyUrl: "http://proxy:3128",
        namespace: "test-home",
      },
    );
    assert.deepEqual(await access.credentials?.(), {
      headers: { authorization: "Bearer secret" },
      clientCertificate: { cert: "CERT", key: "KEY" },
    });
  }));

test("readKubeConfig: after a 401 the file is read again, since tools replace what is in it", () =>
  withFolder(async (folder) => {
    const file = join(folder, "config");
    await writeFile(file, kubeconfig({ user: { token: "first" } }));
    const access = await readKubeConfig({ file });
    const authorization = async () => (await access.credentials?.())?.headers["authorization"];
    assert.equal(await authorization(), "Bearer first");
    await writeFile(file, kubeconfig({ user: { token: "second" } }));
    assert.equal(await authorization(), "Bearer first", "not with every request");
    access.forgetCredentials?.();
    assert.equal(await authorization(), "Bearer second");
  }));

test("readKubeConfig: a credential command is run, and its failure is told", () =>
  withFolder(async (folder) => {
    const file = join(folder, "config");
    const credential = {
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      status: { token: "made" },
    };
    const command = (script: string) =>
      kubeconfig({ user: { exec: { command: process.execPath, args: ["-e", script], env: null } } });
    await writeFile(file, command(`console.log(${JSON.stringify(JSON.stringify(credential))})`));
    const access = await readKubeConfig({ file });
    assert.equal((await access.credentials?.())?.headers["authorization"], "Bearer made");
    await writeFile(file, command("console.error('log in first'); process.exit(1)"));
    await assert.rejects(readKubeConfig({ file }), says(/credentials of its user cannot be had: log in first\.$/));
  }));

test("readKubeConfig: user and password, unchecked certificates, plain http", () =>
  withFolder(async (folder) => {
    const file = join(folder, "config");
    await writeFile(
      file,
      kubeconfig({ user: { username: "me", password: "pass" }, cluster: { "insecure-skip-tls-verify": true } }),
    );
    const access = await readKubeConfig({ file });
    assert.deepEqual(access.tls, { verify: "skip" });
    assert.equal((await access.credentials?.())?.headers["authorization"], `Basic ${base64("me:pass")}`);
    await writeFile(file, kubeconfig({ server: "http://127.0.0.1:8001" }));
    assert.equal((await readKubeConfig({ file })).server, "http://127.0.0.1:8001");
  }));

test("readKubeConfig: KUBECONFIG may name several files, of which the first that has something counts", () =>
  withFolder(async (folder) => {
    const [one, two] = [join(folder, "one"), join(folder, "two")];
    await writeFile(one, kubeconfig({ name: "one", user: { token: "1" } }));
    await writeFile(two, kubeconfig({ name: "two", server: "https://127.0.0.2:6443", user: { token: "2" } }));
    const env = { KUBECONFIG: `${one}:${two}` };
    assert.equal((await readKubeConfig({ env })).server, "https://127.0.0.1:6443");
    const other = await readKubeConfig({ env, context: "two" });
    assert.deepEqual([other.server, other.namespace], ["https://127.0.0.2:6443", "two-home"]);
    const doubled = { KUBECONFIG: `${one}:${one}` };
    assert.equal((await readKubeConfig({ env: doubled })).server, "https://127.0.0.1:6443");
  }));

test("readKubeConfig: says what is wrong with a kubeconfig", () =>
  withFolder(async (folder) => {
    const file = join(folder, "config");
    await assert.rejects(readKubeConfig({ file }), says(/^The kubeconfig .*config cannot be used: ENOENT/));
    await writeFile(file, `users:\n- user: { token: "hush" }\n  token: *hush\n`);
    await assert.rejects(readKubeConfig({ file }), (error: Error) => {
      assert.match(error.message, /cannot be used: it is not valid YAML, from line 3 on\.$/);
      assert.doesNotMatch(inspect(error), /hush/, "not in a cause either");
      return true;
    });
    await writeFile(file, kubeconfig());
    await assert.rejects(readKubeConfig({ file, context: "prod" }), says(/it has no context prod\.$/));
    await writeFile(file, kubeconfig({ server: "ftp://127.0.0.1" }));
    await assert.rejects(readKubeConfig({ file }), says(/not an http or https address/));
    await writeFile(file, kubeconfig({ cluster: { "proxy-url": "gopher://x" } }));
    await assert.rejects(readKubeConfig({ file }), says(/none of http, https and socks5/));
    await writeFile(file, JSON.stringify({ clusters: [], users: [], contexts: [], "current-context": "x" }));
    await assert.rejects(readKubeConfig({ file }), says(/its context x names no cluster/));
  }));

test("readKubeConfig: in a pod the service account counts, and its token is read anew", () =>
  withFolder(async (folder) => {
    const env = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443", HOME: folder };
    await writeFile(join(folder, "token"), "first\n");
    await writeFile(join(folder, "ca.crt"), "CA");
    await writeFile(join(folder, "namespace"), "sluice-system");
    const access = await readKubeConfig({ env, folder });
    const { server, tls, namespace } = access;
    assert.deepEqual(
      { server, tls, namespace },
      { server: "https://[fd00::1]:443", tls: { ca: "CA" }, namespace: "sluice-system" },
    );
    const authorization = async () => (await access.credentials?.())?.headers["authorization"];
    assert.equal(await authorization(), "Bearer first");
    await writeFile(join(folder, "token"), "second");
    access.forgetCredentials?.();
    assert.equal(await authorization(), "Bearer second");
    await rm(join(folder, "ca.crt"));
    await assert.rejects(readKubeConfig({ env, folder }), says(/service account cannot be read/));
  }));

test("readKubeConfig: without any of them it says what to do", () =>
  withFolder((folder) =>
    assert.rejects(
      readKubeConfig({ env: { HOME: folder }, folder }),
      says(/There is no cluster to talk to.*--kubeconfig FILE/),
    ),
  ));
