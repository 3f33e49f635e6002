import type { ResourcePath } from "./kube-client.ts";

/** The path of a resource or a list in the API, percent-encoded, from the server's root. */
export function resourceUrl(path: ResourcePath): string {
  const { group, version, plural, namespace, name, subresource } = path;
  const parts = [
    ...(group === "" ? ["api"] : ["apis", group]),
    version,
    ...(namespace === undefined ? [] : ["namespaces", namespace]),
    plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return `/${parts.map(encodeURIComponent).join("/")}`;
}

/** A resource in words: `httproutes shop/cart`, `secrets in namespace shop`, `gateways`. */
export function describeResource({ plural, namespace, name, subresource }: ResourcePath): string {
  const what = subresource === undefined ? plural : `${plural}/${subresource}`;
  if (name !== undefined) return `${what} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
  return namespace === undefined ? what : `${what} in namespace ${namespace}`;
}
