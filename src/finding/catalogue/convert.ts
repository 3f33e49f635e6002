import type { FindingRow } from "../finding.ts";

/** SL91xx: what `sluice migrate convert` could not turn into the Gateway API as it was. */
export const convertFindings = {
  "convert-lost": {
    code: "SL9100",
    severity: "warning",
    title: "A setting of an Ingress is not converted",
    why: "Neither the Gateway API nor the policies that were asked for have a field for it, so that requests are answered without it.",
  },
  "convert-refused": {
    code: "SL9101",
    severity: "error",
    title: "A setting that protects something cannot be converted",
    why: "Requests that it was to hold back would pass without it. The rules answer 503 until somebody has looked at them.",
  },
  "convert-needs-policies": {
    code: "SL9102",
    severity: "error",
    title: "A setting needs a policy, and there are to be none",
    why: "The Gateway API has no field for it. With --policies none nothing but the Gateway API is written.",
  },
  "convert-differs": {
    code: "SL9103",
    severity: "info",
    title: "A setting of an Ingress is converted to something that differs in a detail",
    why: "The Gateway API says almost the same in another way.",
  },
  "convert-by-hand": {
    code: "SL9104",
    severity: "warning",
    title: "Something of an Ingress is left to do by hand",
    why: "What is written there is not a setting but text for nginx, or needs an object that only you can make.",
  },
  "convert-certificate": {
    code: "SL9105",
    severity: "warning",
    title: "A host has no certificate of its own",
    why: "ingress-nginx answers with its default certificate then. A listener needs a Secret (ListenerTLSConfig.certificateRefs).",
  },
  "convert-port-unknown": {
    code: "SL9106",
    severity: "error",
    title: "A port is named, and its Service does not tell its number",
    why: "Routes refer to ports of Services by number (BackendObjectReference.port). The rule has no backend until one is written.",
  },
  "convert-host-split": {
    code: "SL9107",
    severity: "warning",
    title: "Ingresses of several namespaces or teams have the same host",
    why: "A host has one address, so all of its routes are on one Gateway: that of its oldest Ingress.",
  },
  "convert-controller-option": {
    code: "SL9108",
    severity: "warning",
    title: "An option of the Ingress controller is not converted",
    why: "It changes what all Ingresses of the controller do, and nothing that is written says the same.",
  },
  "convert-ingress-left-out": {
    code: "SL9109",
    severity: "warning",
    title: "An Ingress is not converted, because ingress-nginx does not serve it either",
    why: "Conversion writes what is served. Of an Ingress that is left out nobody has got an answer.",
  },
  "convert-no-effect": {
    code: "SL9112",
    severity: "info",
    title: "An annotation has no effect, so that nothing is converted of it",
    why: "ingress-nginx does not look at it there, or it tunes nginx itself and no answer changes with it.",
  },
  "convert-foreign": {
    code: "SL9113",
    severity: "warning",
    title: "An annotation is for another program",
    why: "Whoever reads it on Ingresses does not find it there any more once the Ingress is gone.",
  },
  "convert-escaped-slash": {
    code: "SL9114",
    severity: "warning",
    title: "Paths with an escaped slash are refused, because they would come around a protection",
    why: "ingress-nginx takes %2F for a slash where it chooses a path, and routes do not: the request would go to a path of the host that is not protected in the same way.",
  },
  "convert-edit-conflict": {
    code: "SL9110",
    severity: "warning",
    title: "A field was edited by hand, and conversion would change it, too",
    why: "What a person wrote is kept. The Ingress has changed since it was converted last.",
  },
  "convert-edit-kept": {
    code: "SL9111",
    severity: "info",
    title: "What was edited by hand is kept",
    why: "Conversion changes nothing that it has not written itself.",
  },
} as const satisfies Record<string, FindingRow>;
