import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { OutlierDetection } from "../../../ir/traffic/outlier-detection.ts";
import type { EndpointResult } from "./endpoint-result.ts";
import { OutlierDetector } from "./outlier-detector.ts";
import { OutlierRecord } from "./outlier-record.ts";

const model: OutlierDetection = {
  consecutive5xx: 5,
  consecutiveGatewayErrors: 0,
  consecutiveLocalOriginFailures: 0,
  splitsLocalOrigin: false,
  intervalMs: 1_000,
  baseEjectionMs: 10_000,
  maxEjectionMs: 300_000,
  maxEjectionPercent: 100,
  alwaysEjectOne: false,
  failurePercentage: 0,
};

type TestEndpoint = { readonly name: string; readonly outlier: OutlierRecord };

function make(changes: Partial<OutlierDetection> = {}, count = 3) {
  const log: string[] = [];
  const detector = new OutlierDetector<TestEndpoint>(
    { ...model, ...changes },
    {
      onEjected: ({ name }, reason) => log.push(`${name} out: ${reason}`),
      onReturned: ({ name }) => log.push(`${name} back`),
      onSpared: ({ name }, reason) => log.push(`${name} spared: ${reason}`),
    },
  );
  const endpoints = Array.from({ length: count }, (_, index) => ({ name: `e${index}`, outlier: new OutlierRecord() }));
  detector.setEndpoints(endpoints);
  const find = (name: string) => endpoints.find((endpoint) => endpoint.name === name)!;
  const feed = (name: string, nowMs: number, ...results: readonly EndpointResult[]) => {
    for (const result of results) detector.onResult(find(name), result, nowMs);
  };
  const ejected = () => endpoints.flatMap(({ name, outlier }) => (outlier.ejected ? [name] : []));
  return { detector, log, feed, find, endpoints, ejected };
}

test("OutlierDetector: five errors in a row put an endpoint out, and a success in between starts anew", () => {
  const { ejected, log, feed } = make();
  feed("e0", 1, 500, 500, 500, 500, 200, 503, 503, 503, 503);
  assert.deepEqual(log, []);
  feed("e0", 1, 500);
  assert.deepEqual(log, ["e0 out: consecutive5xx"]);
  assert.deepEqual(ejected(), ["e0"]);
});

test("OutlierDetector: 500 is no gateway error, 502, 503, 504 and failures without an answer are", () => {
  const { log, feed } = make({ consecutive5xx: 0, consecutiveGatewayErrors: 3 });
  feed("e0", 1, 502, 503, 500, 504, 502);
  assert.deepEqual(log, []);
  feed("e0", 1, "failure");
  feed("e1", 1, "timeout", "failure", 504);
  assert.deepEqual(log, ["e0 out: consecutiveGatewayErrors", "e1 out: consecutiveGatewayErrors"]);
});

test("OutlierDetector: failures without an answer are counted apart when they are split off", () => {
  const { log, feed } = make({ splitsLocalOrigin: true, consecutiveLocalOriginFailures: 2 });
  feed("e0", 1, 500, 500, 500, "failure", 500, 500);
  assert.deepEqual(log, ["e0 out: consecutive5xx"]);
  feed("e1", 1, "failure", 404, "timeout");
  assert.equal(log.length, 1);
  feed("e1", 1, "failure");
  assert.equal(log.at(-1), "e1 out: consecutiveLocalOriginFailures");
});

test("OutlierDetector: each further ejection takes one base longer, up to the maximum, and time without one counts back", () => {
  const { detector, log, feed, find, ejected } = make({ maxEjectionMs: 25_000 });
  const fail = (nowMs: number) => feed("e0", nowMs, 500, 500, 500, 500, 500);
  const backAt = () => find("e0").outlier.ejectedUntilMs;
  detector.advance(0);
  fail(0);
  assert.equal(backAt(), 10_000);
  detector.advance(9_999);
  assert.deepEqual(ejected(), ["e0"]);
  detector.advance(10_000);
  assert.deepEqual(ejected(), []);
  fail(10_001);
  assert.equal(backAt(), 30_001);
  detector.advance(30_001);
  fail(30_002);
  assert.equal(backAt(), 55_002);
  detector.advance(55_002);
  detector.advance(60_000);
  fail(60_000);
  assert.equal(backAt(), 70_000);
  assert.deepEqual(log.slice(0, 2), ["e0 out: consecutive5xx", "e0 back"]);
});

test("OutlierDetector: no more than the share is out at a time, one in any case where that is asked for", () => {
  const limited = make({ maxEjectionPercent: 50 }, 4);
  for (const endpoint of ["e0", "e1", "e2"]) limited.feed(endpoint, 1, 500, 500, 500, 500, 500);
  assert.deepEqual(limited.log, ["e0 out: consecutive5xx", "e1 out: consecutive5xx", "e2 spared: consecutive5xx"]);
  const small = make({ maxEjectionPercent: 10 });
  small.feed("e0", 1, 500, 500, 500, 500, 500);
  assert.deepEqual(small.log, ["e0 spared: consecutive5xx"]);
  const one = make({ maxEjectionPercent: 10, alwaysEjectOne: true });
  for (const endpoint of ["e0", "e1"]) one.feed(endpoint, 1, 500, 500, 500, 500, 500);
  assert.deepEqual(one.log, ["e0 out: consecutive5xx", "e1 spared: consecutive5xx"]);
});

test("OutlierDetector: a share of failures in an interval puts out who had enough requests, among enough endpoints", () => {
  const many = (failures: number, requests: number) =>
    Array.from({ length: requests }, (_, index): EndpointResult => (index % requests < failures ? 500 : 200));
  const run = (count: number) => {
    const { detector, log, feed } = make({ consecutive5xx: 0, failurePercentage: 40 }, count);
    detector.advance(0);
    for (let index = 0; index < count; index++) feed(`e${index}`, 1, ...many(index === 0 ? 40 : 39, 100));
    detector.advance(1_000);
    return log;
  };
  assert.deepEqual(run(5), ["e0 out: failurePercentage"]);
  assert.deepEqual(run(4), []);
});

test("OutlierDetector: an endpoint that leaves makes room for another ejection", () => {
  const { detector, log, feed, endpoints } = make({ maxEjectionPercent: 34 }, 4);
  feed("e0", 1, 500, 500, 500, 500, 500);
  detector.setEndpoints(endpoints.slice(1));
  feed("e1", 1, 500, 500, 500, 500, 500);
  assert.deepEqual(log, ["e0 out: consecutive5xx", "e1 out: consecutive5xx"]);
});

test("OutlierDetector: the share holds whatever happens, and everybody comes back in the end", () => {
  const step = fc.record({
    endpoint: fc.nat(9),
    result: fc.constantFrom<EndpointResult>(200, 500, 503, "failure", "timeout"),
    afterMs: fc.nat(3_000),
  });
  const setting = fc.record({ maxEjectionPercent: fc.integer({ min: 0, max: 100 }), splitsLocalOrigin: fc.boolean() });
  fc.assert(
    fc.property(setting, fc.array(step, { maxLength: 300 }), (changes, steps) => {
      const { detector, find, ejected } = make(
        { ...changes, consecutive5xx: 2, consecutiveLocalOriginFailures: 2 },
        10,
      );
      let nowMs = 0;
      for (const { endpoint, result, afterMs } of steps) {
        nowMs += afterMs;
        detector.onResult(find(`e${endpoint}`), result, nowMs);
        assert.ok(ejected().length * 10 <= changes.maxEjectionPercent);
      }
      detector.advance(nowMs + model.maxEjectionMs);
      assert.deepEqual(ejected(), []);
    }),
  );
});
