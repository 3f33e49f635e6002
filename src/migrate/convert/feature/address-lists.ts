import type { AddressLists } from "../../../ingress/feature/address-lists.ts";
import { type ConvertFeature, nothingConverted } from "../convert-feature.ts";

export const convertAddressLists: ConvertFeature<AddressLists> = ({ allow, deny, satisfy }, scope) => {
  const { basicAuth, externalAuth } = scope.location.settings;
  if (satisfy === "any" && allow !== undefined && (basicAuth !== undefined || externalAuth !== undefined)) {
    scope.report("convert-lost", "satisfy", {
      message: "satisfy: any is not converted: clients need both, the right address and what else is asked for.",
      fix: "Remove one of the two from the policy, if one is enough.",
    });
  }
  if (allow === undefined && deny.length === 0) return nothingConverted;
  const rules = [
    ...(deny.length === 0 ? [] : [{ name: "denied-addresses", action: "Deny", principal: { clientCIDRs: deny } }]),
    ...(allow === undefined || allow.length === 0
      ? []
      : [{ name: "allowed-addresses", action: "Allow", principal: { clientCIDRs: allow } }]),
  ];
  const defaultAction = allow === undefined ? "Allow" : "Deny";
  return { ...nothingConverted, securityPolicy: { authorization: { defaultAction, rules } } };
};
