import assert from "node:assert/strict";
import { test } from "node:test";
import { type KubeClient, KubeError } from "./kube-client.ts";
import { patientClient } from "./patient-client.ts";

const path = { group: "", version: "v1", plural: "pods", namespace: "a", name: "b" };

/** Answers with these errors in turn, and then with an object. */
function clientOf(...errors: readonly KubeError[]) {
  let asked = 0;
  const client: Pick<KubeClient, "get"> = {
    async get() {
      const error = errors[asked++];
      if (error) throw error;
      return { kind: "Pod" };
    },
  };
  return { client: patientClient(client as KubeClient), asked: () => asked };
}

const busy = new KubeError("busy", { status: 429, retryAfterMs: 1 });

test("patientClient asks again what the server puts off", async () => {
  const { client, asked } = clientOf(busy, new KubeError("starting", { status: 503, retryAfterMs: 1 }));
  assert.deepEqual(await client.get(path), { kind: "Pod" });
  assert.equal(asked(), 3);
});

test("patientClient asks no other refusal again, no longer than 10 times, and does not wait for long", async () => {
  const cases: readonly (readonly [readonly KubeError[], number])[] = [
    [[new KubeError("no", { status: 403 })], 1],
    [[new KubeError("away", { status: 0 })], 1],
    [[new KubeError("busy", { status: 429, retryAfterMs: 60_000 })], 1],
    [Array.from({ length: 20 }, () => busy), 11],
  ];
  for (const [errors, times] of cases) {
    const { client, asked } = clientOf(...errors);
    await assert.rejects(client.get(path), KubeError);
    assert.equal(asked(), times);
  }
});
