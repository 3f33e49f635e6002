/**
 * npm's `oidc-provider` as a process of its own, so that it can be stopped and killed. Prints a line of JSON for each grant.
 *
 *   node provider.ts <module of oidc-provider> <port> <clients as JSON>
 */
import { pathToFileURL } from "node:url";

const [module = "", port = "", clients = "[]"] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(module).href);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: JSON.parse(clients),
  cookies: { keys: ["judge"] },
  pkce: { required: () => true },
  // Refresh tokens are good for one use, and using one again ends the session: the strictest that providers do.
  rotateRefreshToken: true,
  issueRefreshToken: () => true,
  ttl: { AccessToken: 5, IdToken: 3_600, RefreshToken: 3_600, Session: 3_600, Grant: 3_600, Interaction: 600 },
});
provider.on("grant.success", (ctx: { oidc: { params: { grant_type: string } } }) =>
  console.log(JSON.stringify({ granted: ctx.oidc.params.grant_type })),
);
provider.on("grant.error", (ctx: { oidc: { params?: { grant_type: string } } }, error: Error) =>
  console.log(JSON.stringify({ refused: ctx.oidc.params?.grant_type, error: error.message })),
);
provider.listen(Number(port), "127.0.0.1", () => console.log(JSON.stringify({ listening: port })));
