import { completeSettings } from "../../src/compile/data-plane/data-plane-settings.ts";
import type { DataPlane, DataPlaneGateway } from "../../src/infrastructure/data-plane.ts";
import type { DesiredOptions } from "../../src/provision/desired-objects.ts";
import type { CertificateSource } from "../../src/provision/plane-reconciler.ts";

export type PlaneParts = {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly className?: string;
  readonly gateway?: Partial<DataPlaneGateway>;
  readonly config?: Parameters<typeof completeSettings>[0];
  readonly state?: DataPlane["state"];
};

/** The data plane of Gateway `infra/edge` of class `sluice` with an HTTP listener on port 80, but for what is given. */
export function planeOf(parts: PlaneParts = {}): DataPlane {
  const { name = "edge", namespace = "infra", uid = "uid-of-edge", className = "sluice", state = "wanted" } = parts;
  const key = `${namespace}/${name}`;
  return {
    key,
    mode: "own",
    state,
    namespace,
    name,
    title: { name, className },
    gateways: [
      {
        key,
        object: { kind: "Gateway", group: "gateway.networking.k8s.io", namespace, name },
        namespace,
        name,
        uid,
        className,
        labels: {},
        annotations: {},
        ports: [{ port: 80, protocol: "TCP" }],
        addresses: [],
        ...parts.gateway,
      },
    ],
    settings: completeSettings(parts.config ?? {}),
  };
}

export const deploymentOptions = {
  controllerName: "sluice.dev/gateway-controller",
  image: "sluice:1.2.3",
  imagePullPolicy: undefined,
  imagePullSecrets: [],
  networkPolicy: undefined,
  controllerAddress: "sluice-controller.sluice-system.svc:9443",
} as const;

export const desiredOptions: DesiredOptions = {
  ...deploymentOptions,
  certificate: { "tls.crt": "chain", "tls.key": "key", "ca.crt": "ca" },
};

/** Certificates as text: `issued` counts them, `renew` asks for new ones. */
export function fakeCertificates(): CertificateSource & { issued: number; renew: boolean; bundle: string } {
  return {
    issued: 0,
    renew: false,
    bundle: "ca",
    issue({ namespace, name }) {
      this.issued += 1;
      this.renew = false;
      return { "tls.crt": `${namespace}/${name} ${this.issued}`, "tls.key": "key", "ca.crt": this.bundle };
    },
    isUsable({ "tls.crt": chain = "" }, { namespace, name }) {
      return !this.renew && chain.startsWith(`${namespace}/${name} `);
    },
    bundlePem() {
      return this.bundle;
    },
  };
}
