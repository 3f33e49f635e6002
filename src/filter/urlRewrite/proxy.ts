import { modifyPath, modifyQuery } from "../../ir/path-modifier.ts";
import { type BuildFilter, built } from "../contract/build.ts";
import { onRequest } from "../contract/hook.ts";

/** Changes the Host and the path that the backend sees; the query stays, behind that of a full path. Spec: HTTPURLRewriteFilter. */
export const buildUrlRewrite: BuildFilter<"urlRewrite"> = (filter) =>
  built(
    onRequest((request, { facts }) => {
      if (filter.hostname !== undefined) request.setHost(filter.hostname);
      const { path } = filter;
      if (path === undefined) return undefined;
      request.setPath(modifyPath(path, request.spelledPath, facts.matchedPrefix));
      if (path.kind === "full" && path.query !== "") request.setQuery(modifyQuery(path, request.query));
      return undefined;
    }),
  );
