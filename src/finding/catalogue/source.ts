import type { FindingRow } from "../finding.ts";

/** SL1xxx. */
export const sourceFindings = {
  "path-unreadable": {
    code: "SL1001",
    severity: "error",
    title: "A file or folder cannot be read",
    why: "Nothing below it is known, so nothing below it is served.",
  },
  "source-too-large": {
    code: "SL1002",
    severity: "error",
    title: "A file or folder is above the limits of the reader",
    why: "The reader bounds the size of a file, the number of files, and what anchors and aliases may expand to, so that no input can exhaust memory.",
  },
  "syntax-error": {
    code: "SL1003",
    severity: "error",
    title: "A document is not valid YAML or JSON",
    why: "A document is read as a whole or not at all; the other documents of the file are read.",
  },
  "no-objects": {
    code: "SL1004",
    severity: "warning",
    title: "A path holds no Kubernetes objects",
    why: "Only files that end in .yaml, .yml or .json are read; hidden files and node_modules are left out.",
  },
  "not-an-object": {
    code: "SL1005",
    severity: "error",
    title: "A document is not a Kubernetes object",
    why: "Every object has apiVersion, kind and metadata.",
  },
  "kind-ignored": {
    code: "SL1006",
    severity: "info",
    title: "A kind that Sluice does not read",
    why: "Only Gateway API kinds and the kinds that they refer to have a meaning here. References to ignored kinds do not resolve.",
  },
  "version-unknown": {
    code: "SL1007",
    severity: "error",
    title: "A version that the kind does not have",
    why: "The fields of a kind depend on its version, so an object of an unknown version cannot be read.",
  },
  "version-retired": {
    code: "SL1008",
    severity: "error",
    title: "A version whose fields mean something else today",
    why: "The fields were renamed or moved when the kind matured; clusters with today's CRDs refuse the old form.",
  },
  "version-old": {
    code: "SL1009",
    severity: "info",
    title: "An old version, read as the current one",
    why: "It means the same, so it is in force here; clusters drop old versions sooner or later.",
  },
  "metadata-invalid": {
    code: "SL1010",
    severity: "error",
    title: "Name, namespace, labels or annotations are not valid",
    why: "An object is found by its namespace and name, and selected by its labels.",
  },
  "field-missing": {
    code: "SL1011",
    severity: "error",
    title: "A required field is missing",
    why: "The API server refuses the object, so it is not in force here either.",
  },
  "field-invalid": {
    code: "SL1012",
    severity: "error",
    title: "A field has a value that its type does not allow",
    why: "The API server refuses the object, so it is not in force here either.",
  },
  "field-rule-broken": {
    code: "SL1013",
    severity: "error",
    title: "Fields contradict each other",
    why: "The API server refuses the object, so it is not in force here either.",
  },
  "field-unknown": {
    code: "SL1014",
    severity: "warning",
    title: "A field that does not exist",
    why: "The API server drops or refuses unknown fields; what it was meant to say has no effect.",
  },
  "object-repeated": {
    code: "SL1015",
    severity: "warning",
    title: "An object is defined more than once",
    why: "As with `kubectl apply`, the last definition wins: files in the order of their names, documents from top to bottom.",
  },
  "last-good-kept": {
    code: "SL1016",
    severity: "error",
    title: "A change has errors; what was said before stays in force",
    why: "A slip while editing must not take traffic down. The new content takes effect when its errors are fixed.",
  },
  "ingress-not-served": {
    code: "SL1017",
    severity: "info",
    title: "An Ingress, which Sluice recognises and does not serve",
    why: "Sluice serves the Gateway API. An Ingress goes on being the matter of its own controller until routes replace it.",
  },
  "gateway-api-missing": {
    code: "SL1018",
    severity: "error",
    title: "The Gateway API is not installed in the cluster",
    why: "Its kinds are CustomResourceDefinitions that are installed apart from Kubernetes. Until they are there, there is nothing to serve; they are noticed when they come.",
  },
  "kind-not-installed": {
    code: "SL1019",
    severity: "info",
    title: "A kind that Sluice reads is not installed in the cluster",
    why: "The standard channel of the Gateway API leaves the experimental kinds out, and older releases have fewer. Everything else is served; a kind that is installed later is noticed.",
  },
  "gateway-api-older": {
    code: "SL1020",
    severity: "info",
    title: "The CustomResourceDefinitions are of an older release than the one that Sluice knows",
    why: "The API server drops fields that its CustomResourceDefinitions do not have, so newer features cannot be used. Everything else is served.",
  },
  "gateway-api-mixed": {
    code: "SL1021",
    severity: "warning",
    title: "The CustomResourceDefinitions are of several releases or channels",
    why: "Kinds of one release are made for each other; a half-finished upgrade leaves fields out of some of them. Upgrades replace all of them together.",
  },
  "kind-forbidden": {
    code: "SL1022",
    severity: "error",
    title: "Sluice has no permission to read a kind",
    why: "What cannot be read cannot be served. What was read before stays in force; at the start Sluice waits for the kinds that it cannot do without.",
  },
  "namespace-labels-unread": {
    code: "SL1023",
    severity: "warning",
    title: "The labels of namespaces cannot be read",
    why: "Namespaces lie outside of what a Role can give. Listeners that select routes by labels of their namespace then see only the label that holds the namespace's name.",
  },
  "secret-references-many": {
    code: "SL1024",
    severity: "warning",
    title: "More Secrets that are not of type kubernetes.io/tls are referred to than are read",
    why: "Secrets of other types are read one by one, only where something refers to them, so that Sluice never sees the passwords of a cluster. The number is bounded.",
  },
} as const satisfies Record<string, FindingRow>;
