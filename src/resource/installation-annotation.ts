/**
 * Annotation of a GatewayClass: the namespace of the installation that is in charge of the class's controllerName. It counts on
 * the oldest class of a controllerName alone, so that it is one write by which two installations are told apart.
 */
export const installationAnnotation = "gateway.sluice.dev/installation";
