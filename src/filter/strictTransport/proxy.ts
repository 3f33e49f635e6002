import { type BuildFilter, built } from "../contract/build.ts";
import { onResponse } from "../contract/hook.ts";

/** Tells browsers to use HTTPS alone from now on; over plain HTTP they would not heed it. RFC 6797 section 7.2. */
export const buildStrictTransport: BuildFilter<"strictTransport"> = ({ value, always }) =>
  built(
    onResponse((response, { facts }) => {
      if (always || facts.scheme === "https") response.setHeader("strict-transport-security", value);
      return undefined;
    }),
  );
