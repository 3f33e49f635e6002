import type { DocumentOptions, ParseOptions, ScalarTag, SchemaOptions, Tags } from "yaml";

/** `yes`, `no`, `on`, `off` are booleans to Kubernetes, whose YAML is 1.1. */
const wordyBoolean: ScalarTag = {
  identify: () => false,
  default: true,
  tag: "tag:yaml.org,2002:bool",
  test: /^(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/,
  resolve: (text) => /^(?:y|on)/i.test(text),
};

/** YAML as Kubernetes tools read it: the core schema with merge keys and the wordy booleans of YAML 1.1. */
export const yamlOptions = {
  version: "1.2",
  merge: true,
  prettyErrors: false,
  logLevel: "silent",
  customTags: (tags: Tags): Tags => [wordyBoolean, ...tags],
} satisfies ParseOptions & DocumentOptions & SchemaOptions;

/** How often anchors may be expanded in one document. */
export const aliasLimit = 100;
