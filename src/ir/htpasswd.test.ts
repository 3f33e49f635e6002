import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHtpasswd } from "./htpasswd.ts";

test("parseHtpasswd reads the formats that it knows, and passes over comments, empty lines and what follows a second colon", () => {
  const { users, problems } = parseHtpasswd(
    [
      "# people",
      "",
      "ann:{SHA}pLwUK67jEYMsvEWdDV1Uo/sc+Ls=",
      "bob:$apr1$abcdefgh$bw9gEObk10asetVLiysIZ0:a comment\r",
      "cid:$2y$05$1DsMKUA5Y4v2c/xrlAV8EOZJ7vGzZpb1ijOZ3cC1MVXwxCBT8Idmu",
      "dan:{PLAIN}secret",
      "eve:{SSHA}3iVg3wMVmYgS5AiHdVLE4IVxVNhzYWx0",
      "fay:$1$abcdefgh$bw9gEObk10asetVLiysIZ0",
    ].join("\n"),
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(
    [...users].map(([user, { kind }]) => [user, kind]),
    [
      ["ann", "sha1"],
      ["bob", "md5Crypt"],
      ["cid", "bcrypt"],
      ["dan", "plain"],
      ["eve", "saltedSha1"],
      ["fay", "md5Crypt"],
    ],
  );
});

test("parseHtpasswd lets nobody in by a line that it does not understand, nor by a later line of that user", () => {
  const { users, problems } = parseHtpasswd(
    [
      "plain:secret",
      "des:rEK1ecacw.7.c",
      "sha512:$6$abc$def",
      "md5:$1$abc$def",
      "slow:$2y$15$1DsMKUA5Y4v2c/xrlAV8EOZJ7vGzZpb1ijOZ3cC1MVXwxCBT8Idmu",
      "old:$2x$05$1DsMKUA5Y4v2c/xrlAV8EOZJ7vGzZpb1ijOZ3cC1MVXwxCBT8Idmu",
      "short:{SHA}pLwUK67j",
      "a\u0001b:{SHA}pLwUK67jEYMsvEWdDV1Uo/sc+Ls=",
      "only-a-password",
      ":{SHA}pLwUK67jEYMsvEWdDV1Uo/sc+Ls=",
      "plain:{SHA}pLwUK67jEYMsvEWdDV1Uo/sc+Ls=",
    ].join("\n"),
  );
  assert.equal(users.size, 0);
  assert.deepEqual(
    problems.map(({ line }) => line),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
  );
  assert.equal(problems[4]?.reason, "has a bcrypt hash of cost 15; 4 to 14 are checked");
  assert.equal(problems[8]?.user, "");
});
