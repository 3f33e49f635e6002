import { type ConvertServerFeature, nothingConvertedOfServer } from "../convert-feature.ts";

/** For what the model of the Ingresses has as its own already, such as the aliases of a host. */
export const readElsewhere: ConvertServerFeature<unknown> = () => nothingConvertedOfServer;
