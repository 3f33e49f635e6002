import assert from "node:assert/strict";
import { test } from "node:test";
import { describeStatusProblem } from "./status-problem.ts";

const object = { kind: "HTTPRoute", group: "gateway.networking.k8s.io", namespace: "shop", name: "web" };

test("describeStatusProblem: says what is not written, why, and what to permit", () => {
  assert.equal(
    describeStatusProblem({ kind: "forbidden", object, message: "httproutes/status is forbidden." }),
    "Statuses of HTTPRoute objects are not written: httproutes/status is forbidden. Permit the verb patch on httproutes/status (apiGroup gateway.networking.k8s.io) to Sluice's ServiceAccount.",
  );
  assert.equal(
    describeStatusProblem({ kind: "refused", object, message: "reason: Invalid value." }),
    "The status of HTTPRoute shop/web is not written, because the API server does not accept it: reason: Invalid value.",
  );
  assert.equal(
    describeStatusProblem({ kind: "unavailable", message: "The API server is away." }),
    "Statuses are not written at the moment: The API server is away. It is tried again.",
  );
});
