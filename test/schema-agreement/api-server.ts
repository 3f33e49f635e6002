import { Pool } from "undici";
import { readKubeConfig } from "../../src/kube/kube-config.ts";
import type { JsonObject } from "../../src/resource/json.ts";

export type Answer = { readonly accepted: boolean; readonly message: string };

/** The API server of the kubeconfig, asked what it would say. */
export type ApiServer = {
  /** Whether the object could be created there; nothing is. */
  tryCreate(path: string, object: JsonObject): Promise<Answer>;
  /** Server-side apply. */
  apply(path: string, object: JsonObject): Promise<void>;
  get(path: string): Promise<JsonObject | undefined>;
  close(): Promise<void>;
};

export async function openApiServer(connections: number): Promise<ApiServer> {
  const access = await readKubeConfig();
  const credentials = await access.credentials?.();
  const pool = new Pool(access.server, {
    connections,
    connect: {
      ...(access.tls?.ca === undefined ? {} : { ca: access.tls.ca }),
      ...(credentials?.clientCertificate ?? {}),
      rejectUnauthorized: access.tls?.verify !== "skip",
    },
  });
  const send = async (method: "GET" | "POST" | "PATCH", path: string, body?: { type: string; json: JsonObject }) => {
    const { statusCode, body: answer } = await pool.request({
      method,
      path,
      headers: { accept: "application/json", ...credentials?.headers, ...(body ? { "content-type": body.type } : {}) },
      ...(body ? { body: JSON.stringify(body.json) } : {}),
    });
    return { status: statusCode, text: await answer.text() };
  };
  return {
    async tryCreate(path, object) {
      for (let attempt = 1; ; attempt++) {
        const { status, text } = await send("POST", `${path}?dryRun=All`, { type: "application/json", json: object });
        if (status === 201) return { accepted: true, message: "" };
        const { message = text } = JSON.parse(text) as { message?: string };
        if (status === 400 || status === 422) return { accepted: false, message };
        if (attempt === 5) throw new Error(`POST ${path}: ${status} ${message}`);
      }
    },
    async apply(path, object) {
      const query = "?fieldManager=sluice-agreement&force=true";
      const { status, text } = await send("PATCH", path + query, {
        type: "application/apply-patch+yaml",
        json: object,
      });
      if (status >= 300) throw new Error(`PATCH ${path}: ${status} ${text}`);
    },
    async get(path) {
      const { status, text } = await send("GET", path);
      // 429: a definition that is being taken in.
      if (status === 404 || status === 429) return undefined;
      if (status !== 200) throw new Error(`GET ${path}: ${status} ${text}`);
      return JSON.parse(text) as JsonObject;
    },
    close: () => pool.close(),
  };
}
