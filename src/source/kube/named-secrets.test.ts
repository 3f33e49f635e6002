import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { KubeClient } from "../../kube/kube-client.ts";
import { namespacedName } from "../../resource/keys.ts";
import { NamedSecrets } from "./named-secrets.ts";
import type { SecretReference } from "./secret-references.ts";

/** What is watched and left out, of references from these namespaces; the server never answers. */
function setUp(t: TestContext, limit: number) {
  const never = <T>() => new Promise<T>(() => {});
  const asked: string[] = [];
  const client: Pick<KubeClient, "list" | "onReachable"> = {
    list(path, options) {
      asked.push(`${path.namespace}/${options?.fieldSelector?.replace("metadata.name=", "")}`);
      const { promise, reject } = Promise.withResolvers<never>();
      options?.signal?.addEventListener("abort", () => reject(new Error("stopped")));
      return Promise.race([promise, never<never>()]);
    },
    onReachable: () => () => {},
  };
  const secrets = new NamedSecrets({
    client: client as KubeClient,
    tuning: {},
    limit,
    onChange: () => {},
    onState: () => {},
  });
  t.after(() => secrets.close());
  return { secrets, asked, omitted: () => secrets.omitted.map(({ key }) => key) };
}

const reference = (from: string, name: string, namespace = from): SecretReference => ({
  ...{ key: namespacedName(namespace, name), namespace, name, from },
});
const many = (from: string, count: number) =>
  Array.from({ length: count }, (_, index) => reference(from, `s${index}`, `n${index}`));

test("NamedSecrets: a namespace that refers to many Secrets pushes out none of another's", async (t) => {
  const { secrets, asked, omitted } = setUp(t, 4);
  secrets.update(many("greedy", 10));
  assert.deepEqual(asked, ["n0/s0", "n1/s1", "n2/s2", "n3/s3"]);
  secrets.update([...many("greedy", 10), reference("shop", "ca"), reference("shop", "more")]);
  assert.deepEqual(asked.slice(4).sort(), ["shop/ca", "shop/more"]);
  assert.equal(omitted().length, 8);
  assert.ok(!omitted().some((key) => key.startsWith("shop/")));
});

test("NamedSecrets: within a namespace one more reference pushes none out that is watched, and each is watched once", async (t) => {
  const { secrets, asked, omitted } = setUp(t, 2);
  secrets.update([reference("shop", "y"), reference("shop", "z"), reference("shop", "z")]);
  secrets.update([
    reference("shop", "a"),
    reference("shop", "y"),
    reference("shop", "z"),
    reference("blog", "z", "shop"),
  ]);
  assert.deepEqual(asked, ["shop/y", "shop/z"]);
  assert.deepEqual(omitted(), ["shop/a"]);
});
