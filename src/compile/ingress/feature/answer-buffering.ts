import type { LocationSettings } from "../../../ingress/features.ts";
import { nothingServed, type ServeFeature } from "../serve-feature.ts";

export const serveAnswerBuffering: ServeFeature<LocationSettings["answerBuffering"]> = () => nothingServed;
