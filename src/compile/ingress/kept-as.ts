import { createHash } from "node:crypto";
import type { ServiceBackend } from "../../ingress/ingress-model.ts";

/**
 * What a client's cookie names a backend by, so that it keeps its side of a canary: the words of ingress-nginx, whose clients keep
 * theirs when they come here.
 */
export function keptAs({ namespace, service, port }: ServiceBackend): string {
  const name = `${namespace}-${service}-${"number" in port ? port.number : port.name}`;
  return md5(md5(name) + name);
}

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}
