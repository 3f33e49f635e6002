/** Features that the official suite has no test for, and what it cannot see of provisioning. */
import { addressRoutability } from "./feature/address-routability.ts";
import { clusterTrustBundle } from "./feature/cluster-trust-bundle.ts";
import { defaultGateways } from "./feature/default-gateways.ts";
import { externalAuth } from "./feature/external-auth.ts";
import { ingressFeature } from "./feature/ingress.ts";
import { ingressMove } from "./feature/ingress-move.ts";
import { ipFamilies } from "./feature/ip-families.ts";
import { lastGoodCertificate } from "./feature/last-good-certificate.ts";
import { listenerFilters } from "./feature/listener-filters.ts";
import { policies } from "./feature/policies.ts";
import { provisioning } from "./feature/provisioning.ts";
import { resilience } from "./feature/resilience.ts";
import { retryBudget } from "./feature/retry-budget.ts";
import { sessionPersistence } from "./feature/session-persistence.ts";
import { sharedDataPlane } from "./feature/shared-data-plane.ts";
import { telemetryPolicy } from "./feature/telemetry-policy.ts";
import { xBackend } from "./feature/xbackend.ts";
import { xBackendHostname } from "./feature/xbackend-hostname.ts";
import type { Feature } from "./feature.ts";

/** In the order in which they run; the one that stops the controller is last. */
export const features: readonly Feature[] = [
  sessionPersistence,
  externalAuth,
  listenerFilters,
  policies,
  ingressFeature,
  ingressMove,
  retryBudget,
  xBackend,
  xBackendHostname,
  defaultGateways,
  telemetryPolicy,
  clusterTrustBundle,
  addressRoutability,
  lastGoodCertificate,
  ipFamilies,
  provisioning,
  sharedDataPlane,
  resilience,
];
