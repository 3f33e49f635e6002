import assert from "node:assert/strict";
import { test } from "node:test";
import { describeStatusProblem, forbiddenFindings } from "./status-problem.ts";

const object = { kind: "HTTPRoute", group: "gateway.networking.k8s.io", namespace: "shop", name: "web" };

test("describeStatusProblem: says what is not written, and why", () => {
  assert.equal(
    describeStatusProblem({ kind: "refused", object, message: "reason: Invalid value." }),
    "The status of HTTPRoute shop/web was not written, because the API server refused it: reason: Invalid value.",
  );
  assert.equal(
    describeStatusProblem({ kind: "unavailable", message: "The API server is away." }),
    "Statuses cannot be written at the moment: The API server is away. Sluice retries.",
  );
});

test("forbiddenFindings: names the permission that is missing, without a full stop too many", () => {
  const [finding] = forbiddenFindings([{ object, message: "httproutes/status is forbidden." }]);
  assert.equal(finding?.name, "status-forbidden");
  assert.equal(
    finding?.message,
    "Sluice has no permission to write the status of HTTPRoute objects: httproutes/status is forbidden.",
  );
  assert.match(finding?.fix ?? "", /patch on httproutes\/status \(apiGroup gateway\.networking\.k8s\.io\)/);
});
