import { z } from "zod";
import { rule } from "./rule.ts";
import { duration, headerName, text } from "./text.ts";

/** Pins a client to an endpoint by cookie or header. Spec: SessionPersistence (GEP-1619). */
export const sessionPersistence = z
  .object({
    absoluteTimeout: z.exactOptional(duration),
    type: z.enum(["Cookie", "Header"]).default("Cookie"),
    cookie: z.exactOptional(
      z.object({
        name: z.exactOptional(headerName),
        lifetimeType: z.enum(["Permanent", "Session"]).default("Session"),
        path: text({ max: 1024 }).default("/"),
      }),
    ),
    header: z.exactOptional(z.object({ name: headerName })),
  })
  .check(
    rule((value, report) => {
      if (value.cookie?.lifetimeType === "Permanent" && value.absoluteTimeout === undefined) {
        report(
          ["absoluteTimeout"],
          "is missing, but required for a permanent cookie",
          "Add absoluteTimeout, for example `24h`.",
        );
      }
      if (value.type === "Cookie" && value.cookie === undefined) {
        report(["cookie"], "is missing, but type is Cookie", "Add `cookie: {}`, or write `type: Header` and `header`.");
      }
      if (value.type === "Header" && value.header === undefined) {
        report(["header"], "is missing, but type is Header", "Add header with a name.");
      }
      if (value.type !== "Cookie" && value.cookie !== undefined) {
        report(["cookie"], `is set, but type is ${value.type}`, "Remove cookie, or write `type: Cookie`.");
      }
      if (value.type !== "Header" && value.header !== undefined) {
        report(["header"], `is set, but type is ${value.type}`, "Remove header, or write `type: Header`.");
      }
    }),
  );
