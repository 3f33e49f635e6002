import { test } from "node:test";
import fc from "fast-check";
import type { FakeApiServer } from "../../../test/kube/fake-api-server.ts";
import { reflect, service } from "../../../test/kube/reflected.ts";
import { eventually } from "../../../test/plane/eventually.ts";

type Step = { readonly name: string; readonly run: (server: FakeApiServer) => void };

const objectNames = ["a", "b", "c", "d", "e", "f"];

const put = fc
  .record({ name: fc.constantFrom(...objectNames), mark: fc.constantFrom("1", "2", "3") })
  .map(({ name, mark }): Step => ({ name: `put ${name}=${mark}`, run: (server) => server.put(service(name, mark)) }));
const remove = fc.constantFrom(...objectNames).map(
  (name): Step => ({
    name: `remove ${name}`,
    run: (server) => {
      if (server.find("Service", name, "shop")) server.remove("Service", name, "shop");
    },
  }),
);
const fail = fc
  .record({ count: fc.integer({ min: 1, max: 3 }), status: fc.constantFrom(401, 403, 404, 409, 410, 429, 500, 503) })
  .map(
    ({ count, status }): Step => ({
      name: `fail ${count} with ${status}`,
      run: (server) => server.failNext(count, status),
    }),
  );
const faults: readonly Step[] = [
  { name: "cut", run: (server) => server.cutWatches() },
  { name: "end", run: (server) => server.endWatches() },
  { name: "silence", run: (server) => server.silenceWatches() },
  { name: "expire", run: (server) => server.expireHistory() },
  { name: "bookmark", run: (server) => server.sendBookmarks() },
  { name: "nonsense", run: (server) => server.sendOnWatches("nonsense\n") },
  { name: "half an event", run: (server) => server.sendOnWatches('{"type":"ADDED","object":{"metadata"') },
  { name: "drop the kind", run: (server) => server.dropKind("Service") },
  { name: "serve the kind", run: (server) => server.serveKind("Service") },
];
const step = fc.record({
  step: fc.oneof({ weight: 6, arbitrary: put }, { weight: 2, arbitrary: remove }, fail, {
    weight: 3,
    arbitrary: fc.constantFrom(...faults),
  }),
  /** Turns of the event loop before the next step. */
  turns: fc.constantFrom(0, 0, 1, 3, 10),
});

test("Reflector: whatever happens and whatever fails, the table ends as the server is", async () => {
  const steps = fc.array(step, { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (run, pageSize) => {
      await reflect(
        () => {},
        async ({ server, reflector, table, truth }) => {
          for (const { step, turns } of run) {
            step.run(server);
            for (let turn = 0; turn < turns; turn++) await new Promise((later) => setImmediate(later));
          }
          server.heal();
          server.serveKind("Service");
          reflector.wake();
          await eventually(() => table().join() === truth().join());
        },
        { pageSize, silenceMs: 25, absentGraceMs: 0, absentRetryMs: 0 },
      );
    }),
    { numRuns: 60 },
  );
});
