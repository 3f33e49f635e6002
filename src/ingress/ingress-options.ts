/** Which Ingresses are served, and by whose configuration. Plain JSON. */
export type IngressOptions = {
  /** Names of IngressClasses to serve, whether or not they exist and whosever they are. Empty: those of `controllerName`. */
  readonly classes: readonly string[];
  /** `IngressClass.spec.controller` that is ours. */
  readonly controllerName: string;
  /** Whether Ingresses of no class are served, too, where no default class takes them. */
  readonly withoutClass: boolean;
  /** The controller's ConfigMap; ingress-nginx's chart gives it its own name. */
  readonly configMap: { readonly namespace: string; readonly name: string };
  /** Arguments of the controller that is replaced, such as `--enable-ssl-passthrough` or `--default-ssl-certificate=infra/wildcard`. */
  readonly arguments: readonly string[];
  /** Whether Ingresses of a class of another controller get a status, too: two that write it would take turns. */
  readonly foreignStatus: boolean;
  /** Ports of the clear and of the TLS listener. */
  readonly ports: { readonly http: number; readonly https: number };
};

/** What holds where nobody says otherwise: names of ingress-nginx's chart, ports of the web. */
export const defaultIngressOptions: IngressOptions = {
  classes: [],
  controllerName: "sluice.dev/gateway-controller",
  withoutClass: false,
  configMap: { namespace: "ingress-nginx", name: "ingress-nginx-controller" },
  arguments: [],
  foreignStatus: true,
  ports: { http: 80, https: 443 },
};
