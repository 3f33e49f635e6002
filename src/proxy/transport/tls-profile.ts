import { intermediateGroups, intermediateSuites } from "../../ir/tls-profile.ts";

/**
 * What is spoken on TLS connections unless a listener says otherwise, and to backends: Mozilla's "intermediate" profile
 * (guidelines 5.7), which Node's own defaults exceed by eight suites and two curves.
 */
export const tlsCiphers = intermediateSuites.join(":");

export const tlsCurves = intermediateGroups.join(":");
