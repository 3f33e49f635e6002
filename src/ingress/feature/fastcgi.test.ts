import assert from "node:assert/strict";
import { test } from "node:test";
import { resourcesOf } from "../../../test/compile-case.ts";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { fastcgi } from "./fastcgi.ts";

const objects = resourcesOf(`
apiVersion: v1
kind: ConfigMap
metadata: { name: params, namespace: shop }
data: { SCRIPT_FILENAME: /index.php }
`);
const read = (annotations: Readonly<Record<string, string>>) => readAnnotations(fastcgi, annotations, { objects });

test("parameters are those of a ConfigMap of the namespace", () => {
  assert.deepEqual(read({ "fastcgi-index": "index.php", "fastcgi-params-configmap": "params" }).setting, {
    index: "index.php",
    parameters: { SCRIPT_FILENAME: "/index.php" },
  });
  assert.deepEqual(read({ "fastcgi-params-configmap": "shop/params" }).setting.parameters, {
    SCRIPT_FILENAME: "/index.php",
  });
});

test("a ConfigMap that cannot be had is answered with 503", () => {
  for (const name of ["nowhere", "other/params", "a/b/c"]) {
    assert.equal(read({ "fastcgi-params-configmap": name }).denied?.name, "ingress-fastcgi-parameters-missing");
  }
});
