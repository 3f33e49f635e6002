/** The controllers whose Ingresses are read, and what an annotation is to them. */
import { aws } from "./aws.ts";
import type { Becoming } from "./becoming.ts";
import { f5Nginx } from "./f5-nginx.ts";
import { haproxy, haproxyIngress } from "./haproxy.ts";
import type { IngressController } from "./ingress-controller.ts";
import { ingressNginx } from "./ingress-nginx.ts";
import { kong } from "./kong.ts";
import { traefik } from "./traefik.ts";

export const controllers = {
  "ingress-nginx": ingressNginx,
  traefik,
  aws,
  haproxy,
  "haproxy-ingress": haproxyIngress,
  kong,
  "f5-nginx": f5Nginx,
} as const satisfies Readonly<Record<string, IngressController>>;

export type ControllerName = keyof typeof controllers;
export const controllerNames = Object.keys(controllers) as readonly ControllerName[];

/** Whose annotation it is, by its prefix; `undefined` for one of none. Of those who share a prefix, `preferred` if it is one of them. */
export function ownerOf(
  annotation: string,
  preferred?: ControllerName,
): { readonly controller: ControllerName; readonly name: string } | undefined {
  const names = preferred === undefined ? controllerNames : [preferred, ...controllerNames];
  for (const controller of names) {
    const prefix = controllers[controller].prefixes.find((each) => annotation.startsWith(each));
    if (prefix !== undefined) return { controller, name: annotation.slice(prefix.length) };
  }
  return undefined;
}

/** What becomes of an annotation (without its prefix); `undefined` when the controller has none of this name. */
export function becomingOf(controller: ControllerName, name: string): Becoming | undefined {
  const { annotations } = controllers[controller];
  const exact = annotations.find((row) => row.name === name);
  return (exact ?? annotations.find((row) => row.name.includes("*") && fits(row.name, name)))?.becomes;
}

/** `*` stands for any characters; there is one in a pattern. */
function fits(pattern: string, name: string): boolean {
  const [before = "", after = ""] = pattern.split("*");
  return name.length >= before.length + after.length && name.startsWith(before) && name.endsWith(after);
}
