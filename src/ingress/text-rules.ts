/** Which characters ingress-nginx takes in the values of annotations: it hands them on to nginx's configuration. */
import { matching, withoutSpaces } from "./accepted-text.ts";

const letters = "-._~a-zA-Z0-9/:";

const basicPattern = new RegExp(`^[${letters}]*$`);
const basicText = "text of letters, digits and - . _ ~ / :";

export const textRules = {
  /** Names, and hosts with a port and a path. */
  basic: matching(basicPattern, basicText),
  basicWithSpaces: withoutSpaces(basicPattern, basicText),
  /** URLs with a query. */
  url: matching(new RegExp(`^[${letters},?&=]*$`), "text of letters, digits and - . _ ~ / : , ? & ="),
  /** Paths that take in what an expression captured. */
  captures: matching(new RegExp(`^[${letters}$]*$`), "text of letters, digits and - . _ ~ / : $"),
  expression: matching(
    new RegExp(String.raw`^[${letters}^$[\](){}*+?|&=\\]*$`),
    "text of letters, digits and the characters of expressions",
  ),
} as const;
