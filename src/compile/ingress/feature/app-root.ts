import type { ServerSettings } from "../../../ingress/features.ts";
import { redirectRow } from "../redirect-row.ts";
import { nothingServedOfServer, type ServeServerFeature } from "../serve-feature.ts";

/** `/` alone redirects, whatever its locations say; the host is named as the client named it, and no query is kept. */
export const serveAppRoot: ServeServerFeature<ServerSettings["appRoot"]> = (path, { at }) => {
  if (path === undefined) return nothingServedOfServer;
  return {
    ...nothingServedOfServer,
    entries: [
      {
        key: "app-root",
        match: { path: { kind: "exact", value: "/" }, headers: [], query: [] },
        filters: [
          {
            from: at("app-root"),
            filter: {
              kind: "conditionalAnswer",
              rows: [
                redirectRow({ when: [], status: 302, location: [{ from: "scheme" }, "://", { from: "host" }, path] }),
              ],
            },
          },
        ],
      },
    ],
  };
};
