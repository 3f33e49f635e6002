import { runToEnd, type Steps } from "../base/steps.ts";
import { apiOfFiles, capabilitiesOf } from "../capability/plane-capabilities.ts";
import { compileInSteps } from "../compile/compile.ts";
import { createCompileMemo } from "../compile/compile-memo.ts";
import { type CompileOptions, nothingRetained } from "../compile/compile-options.ts";
import type { CompileResult } from "../compile/contract.ts";
import { missingCertificates } from "../compile/gateway/missing-certificates.ts";
import { missingIngressCertificates } from "../compile/ingress/missing-ingress-certificates.ts";
import { defaultIngressOptions, type IngressOptions } from "../ingress/ingress-options.ts";
import { SelfSignedSecrets } from "../stand-in/self-signed-secrets.ts";
import type { Snapshot } from "../store/snapshot.ts";
import { type CommandName, type FlagValues, longFlagsOf } from "./flags.ts";
import { type ListenerFlags, listenerSettings } from "./listener-settings.ts";

type CompileFlags = ListenerFlags &
  Pick<
    FlagValues,
    | "adoptClasses"
    | "stubBackends"
    | "selfSigned"
    | "allowExternalName"
    | "controllerName"
    | "ingressClass"
    | "ingressWithoutClass"
    | "ingressConfig"
    | "ingressArgument"
  >;

/** Where the result goes; default: the embedded plane. */
type CompileTarget = Partial<
  Pick<CompileOptions, "supportedProtocols" | "supportedFeatures" | "controllerNamespace" | "ingress">
>;

/**
 * The compiler with everything that flags decide; it remembers certificates (also those that are gone and still serve) and
 * compiled routes from call to call. A call has to be run to its end before the next.
 */
export function createCompiler(
  command: CommandName,
  flags: CompileFlags,
  target: CompileTarget = {},
): (snapshot: Snapshot) => Steps<CompileResult> {
  const memo = createCompileMemo();
  const certificates = new SelfSignedSecrets();
  let retained = nothingRetained;
  return function* (snapshot) {
    const options = { ...compileOptions(flags, Date.now()), ...target, retained, flags: longFlagsOf(command) };
    const missing = [
      ...(flags.selfSigned ? missingCertificates(snapshot, options) : []),
      ...missingIngressCertificates(snapshot, options),
    ];
    const complete = certificates.fill(snapshot, missing, options.nowMs);
    const result = yield* compileInSteps(complete, options, memo);
    retained = result.retained;
    return result;
  };
}

/** What flags say of Ingresses. */
export function ingressOptions(
  flags: Pick<
    FlagValues,
    "controllerName" | "ingressClass" | "ingressWithoutClass" | "ingressConfig" | "ingressArgument"
  >,
): IngressOptions {
  return {
    ...defaultIngressOptions,
    classes: flags.ingressClass,
    controllerName: flags.controllerName,
    withoutClass: flags.ingressWithoutClass,
    configMap: flags.ingressConfig ?? defaultIngressOptions.configMap,
    arguments: flags.ingressArgument,
  };
}

/** Compiles once, for commands that do not serve. */
export function compileSnapshot(command: CommandName, snapshot: Snapshot, flags: CompileFlags): CompileResult {
  const stubBackends = flags.stubBackends || lacksServices(snapshot, flags);
  return runToEnd(createCompiler(command, { ...flags, stubBackends })(snapshot));
}

/**
 * Manifests that were written for a cluster (`--adopt-classes`) often come without any Service: whether those that they
 * name exist cannot be told from here, so nothing is said about it. One Service in the input, and all are expected.
 */
export function lacksServices(snapshot: Snapshot, { adoptClasses, stubBackends }: CompileFlags): boolean {
  return adoptClasses && !stubBackends && snapshot.list("Service").length === 0;
}

function compileOptions(flags: CompileFlags, nowMs: number): Omit<CompileOptions, "retained" | "flags"> {
  const { adoptClasses, stubBackends, selfSigned, allowExternalName, controllerName } = flags;
  return {
    adoptClasses,
    stubBackends,
    selfSigned,
    allowExternalName,
    controllerName,
    ingress: ingressOptions(flags),
    nowMs,
    listenerSettings: listenerSettings(flags),
    ...capabilitiesOf("embedded", apiOfFiles),
  };
}
