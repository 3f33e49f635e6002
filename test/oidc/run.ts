/**
 * The judges of oidc and csrf: npm's `oidc-provider`, and Chromium, through two gateways that share a key. Ends with
 * `N passed, N failed`.
 *
 *   npm run check:oidc
 *
 * The provider, playwright-core and Chromium are installed once; where they cannot be, the run is skipped and says so.
 */
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { type BrowserTools, checks } from "./checks.ts";
import { Judge } from "./judge.ts";
import { findTools } from "./tools.ts";

const checkTimeoutMs = 90_000;

async function main(): Promise<number> {
  const tools = findTools();
  if (typeof tools === "string") {
    console.log(`oidc: skipped, because ${tools}`);
    console.log("0 passed, 0 failed");
    return 0;
  }
  const { chromium } = await import(pathToFileURL(tools.playwrightModule).href);
  const browser = await chromium.launch({
    executablePath: tools.chromium,
    args: ["--no-sandbox", "--host-resolver-rules=MAP *.test 127.0.0.1, MAP *.googleapis.com ~NOTFOUND"],
  });
  const failures: string[] = [];
  try {
    await using judge = await Judge.start(tools.providerModule);
    for (const [name, check] of Object.entries(checks)) {
      const context: Awaited<ReturnType<BrowserTools["newContext"]>> = await browser.newContext({
        ignoreHTTPSErrors: true,
      });
      context.setDefaultTimeout(20_000);
      const began = performance.now();
      const problem = await within(checkTimeoutMs, check(judge, context)).then(
        () => undefined,
        (error: Error) => error.stack ?? error.message,
      );
      await context.close();
      console.log(`${problem === undefined ? "ok  " : "FAIL"} ${name} (${Math.round(performance.now() - began)} ms)`);
      if (problem !== undefined) {
        failures.push(name);
        console.log(problem.replace(/^/gm, "     "));
      }
    }
  } finally {
    await browser.close();
  }
  console.log(`${Object.keys(checks).length - failures.length} passed, ${failures.length} failed`);
  return failures.length === 0 ? 0 : 1;
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const timer = Promise.withResolvers<never>();
  const timeout = setTimeout(
    () => timer.reject(new assert.AssertionError({ message: `no end in ${limitMs} ms` })),
    limitMs,
  );
  try {
    return await Promise.race([work, timer.promise]);
  } finally {
    clearTimeout(timeout);
  }
}

process.exitCode = await main();
