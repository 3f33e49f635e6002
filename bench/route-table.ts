/** Lookups in the route table: nanoseconds for a request among 10, 1,000 and 5,000 routes, beside the plain definition. */

import type { RequestView } from "../src/filter/contract/message.ts";
import { ownHeader, type SelectRequest, select } from "../src/ir/select.ts";
import { RouteTable } from "../src/proxy/route-table.ts";
import { gateway, http, httpRule, match, model, request, virtualHost } from "../test/ir/model.ts";

function shop(routes: number) {
  const rules = Array.from({ length: routes }, (_, index) => httpRule(`r${index}`));
  const entries = rules.map((rule, index) => {
    const path = `/team-${index % 50}/app-${index}`;
    if (index % 10 === 0) return [match({ path: { kind: "exact", value: path } }), rule] as const;
    if (index % 50 === 7) return [match({ path: { kind: "regex", value: `${path}/[0-9]+` } }), rule] as const;
    return [match({ path: { kind: "prefix", value: path } }), rule] as const;
  });
  return model(gateway([http("web", "", [virtualHost("a.test", entries)])], rules));
}

function nanoseconds(times: number, run: (index: number) => unknown): number {
  let sink: unknown;
  for (let index = 0; index < times; index++) sink = run(index);
  const start = process.hrtime.bigint();
  for (let index = 0; index < times; index++) sink = run(index);
  const spent = Number(process.hrtime.bigint() - start) / times;
  return sink === undefined ? Number.NaN : spent;
}

function viewOf(asked: SelectRequest): RequestView {
  return { ...asked, keptPath: asked.path, header: (name) => ownHeader(asked.headers, name) };
}

console.log("routes   build ms   hit ns   regex ns   miss ns   select() ns");
for (const routes of [10, 1000, 5000]) {
  const all = shop(routes);
  const owner = all.gateways[0]!;
  const bound = owner.listeners.map((listener) => ({ gateway: owner, listener }));
  const start = performance.now();
  const table = RouteTable.build(bound, (rule) => rule);
  const buildMs = performance.now() - start;
  const paths = Array.from({ length: 64 }, (_, index) => {
    const at = (index * 7919) % routes;
    return request({ path: `/team-${at % 50}/app-${at}${at % 10 === 0 ? "" : "/index.html"}` });
  });
  const hits = paths.map(viewOf);
  const regex = viewOf(request({ path: `/team-7/app-7/42` }));
  const miss = viewOf(request({ path: "/nowhere/at/all" }));
  const row = [
    buildMs.toFixed(1),
    nanoseconds(200_000, (index) => table.match(hits[index % 64]!)).toFixed(0),
    nanoseconds(200_000, () => table.match(regex)).toFixed(0),
    nanoseconds(200_000, () => table.match(miss)).toFixed(0),
    nanoseconds(200, (index) => select(all, paths[index % 64]!)).toFixed(0),
  ];
  console.log(
    [
      String(routes).padStart(6),
      row[0]!.padStart(10),
      row[1]!.padStart(8),
      row[2]!.padStart(10),
      row[3]!.padStart(9),
      row[4]!.padStart(13),
    ].join(" "),
  );
}
