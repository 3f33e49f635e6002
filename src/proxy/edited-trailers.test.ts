import assert from "node:assert/strict";
import { test } from "node:test";
import type { Filter } from "../ir/filter.ts";
import { EditedTrailers } from "./edited-trailers.ts";

const auth: Filter = {
  kind: "externalAuth",
  protocol: "http",
  cluster: undefined,
  pathPrefix: "",
  allowedHeaders: [],
  allowedResponseHeaders: ["x-user"],
  forwardBodyBytes: 0,
};

test("EditedTrailers: behind an authorisation server, which sees none of them, a client may send no trailers", () => {
  const name = Buffer.from("x-sum");
  assert.equal(new EditedTrailers([auth]).claims(name, name.length), true);
  assert.equal(new EditedTrailers([]).claims(name, name.length), false);
});
