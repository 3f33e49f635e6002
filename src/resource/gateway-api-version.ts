/** The Gateway API version whose fields and rules are implemented. */
export const gatewayApiVersion = "v1.7.0";
