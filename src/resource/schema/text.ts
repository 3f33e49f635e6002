import { z } from "zod";
import { rule } from "./rule.ts";

/** Limits of a string. Lengths count Unicode code points, as the API server does. */
export type TextLimits = {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
  /** What the pattern stands for, after "must be", such as "a lower-case DNS name such as `shop.example.com`". */
  readonly words?: string;
  /** The value may be a secret: messages do not show it. Default: they do. */
  readonly secret?: "yes";
};

/** A string with limits. Over-long text is never given to the pattern, so that matching time stays bounded. */
export function text(limits: TextLimits) {
  const { min = 0, max = Number.POSITIVE_INFINITY, pattern, words, secret } = limits;
  return z
    .string()
    .check(
      rule((value, report) => {
        // UTF-16 length is never below the number of code points, so most strings need no counting.
        const length =
          value.length > max || value.length < min * 2 ? [...value.slice(0, 2 * max + 2)].length : value.length;
        if (length > max) {
          report([], `is longer than ${max} characters`, `Shorten it to at most ${max} characters.`);
        } else if (length < min) {
          report(
            [],
            value === "" ? "is empty" : `is shorter than ${min} characters`,
            words === undefined ? "Give it a value or remove the field." : `Write ${words}, or remove the field.`,
          );
        } else if (pattern !== undefined && !pattern.test(value)) {
          const fix = `Write ${words}.`;
          if (secret === "yes") report([], `must be ${words}`, fix);
          else report([], `must be ${words}, but it is ${quote(value)}`, suggestion(value, pattern) ?? fix);
        }
      }, "invalid"),
    )
    .meta({
      ...(limits.min === undefined ? {} : { minLength: limits.min }),
      ...(limits.max === undefined ? {} : { maxLength: limits.max }),
      ...(pattern === undefined ? {} : { pattern: pattern.source }),
    });
}

/** Shows a value in a message: cut to 60 characters, in quotation marks when it could be misread. */
export function quote(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value);
}

/** The usual slips: upper case, spaces around, a scheme or port or final dot on a host name. */
function suggestion(value: string, pattern: RegExp): string | undefined {
  const candidates = [
    value.trim(),
    value.toLowerCase(),
    value
      .trim()
      .toLowerCase()
      .replace(/^[a-z]+:\/\//, "")
      .replace(/[/:].*$/, "")
      .replace(/\.$/, ""),
    value.toLowerCase().replace(/_/g, "-"),
    // A duration without its unit: a bare number means seconds wherever one is taken.
    /^\d+$/.test(value) ? `${value}s` : "",
  ];
  const fitting = candidates.find((candidate) => candidate !== "" && candidate !== value && pattern.test(candidate));
  return fitting === undefined ? undefined : `Write ${quote(fitting)}.`;
}

const dnsName = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";

/** Spec: ObjectName. */
export const objectName = text({ min: 1, max: 253 });

/** Spec: Namespace. */
export const namespaceName = text({
  min: 1,
  max: 63,
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  words: "a namespace name: lower-case letters, digits and `-`",
});

/** Spec: Group. `""` is the core group. */
export const group = text({
  max: 253,
  pattern: new RegExp(`^$|^${dnsName}$`),
  words: 'an API group such as `gateway.networking.k8s.io`, or `""` for the core group',
});

/** Spec: Kind. */
export const kindName = text({
  min: 1,
  max: 63,
  pattern: /^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/,
  words: "a kind such as `Service`",
});

/** Spec: SectionName. */
export const sectionName = text({
  min: 1,
  max: 253,
  pattern: new RegExp(`^${dnsName}$`),
  words: "a name of lower-case letters, digits, `-` and `.`",
});

/** Spec: Hostname: a DNS name or a wildcard. */
export const hostname = text({
  min: 1,
  max: 253,
  pattern: new RegExp(`^(\\*\\.)?${dnsName}$`),
  words:
    "a lower-case DNS name such as `shop.example.com`, or one wildcard in front as in `*.example.com`, without scheme, port or path",
});

/** Spec: PreciseHostname: no wildcard. */
export const preciseHostname = text({
  min: 1,
  max: 253,
  pattern: new RegExp(`^${dnsName}$`),
  words: "a lower-case DNS name such as `shop.example.com`, without wildcard, scheme, port or path",
});

/** Spec: HeaderName. RFC 9110 section 5.6.2 (token). */
export const headerName = text({
  min: 1,
  max: 256,
  pattern: /^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$/,
  words: "a header name such as `X-Request-Id`",
});

/**
 * Spec: HTTPHeader.value. The published pattern nests two repetitions, which a backtracking engine can take forever on;
 * this one accepts the same strings in linear time.
 */
export const headerValue = text({
  min: 1,
  max: 4096,
  pattern: /^[!-~]([\t ]?[!-~])*$/,
  words: "a header value of visible ASCII characters with single spaces or tabs between words",
  secret: "yes",
});

/** Spec: Duration (GEP-2257). */
export const duration = text({
  pattern: /^([0-9]{1,5}(h|m|s|ms)){1,4}$/,
  words: "a duration of whole numbers with units h, m, s or ms, such as `10s`, `1m30s` or `500ms`",
});

/** Spec: GatewayController. */
export const controllerName = text({
  min: 1,
  max: 253,
  pattern: new RegExp(`^${dnsName}\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+$`),
  words: "a domain and a path such as `example.com/gateway-controller`",
});

/** Spec: LabelValue. */
export const labelValue = text({
  max: 63,
  pattern: /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/,
  words: "a label value: letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit",
});

/** Spec: AnnotationValue. */
export const annotationValue = text({ max: 4096 });

/** Port number, 1 to 65535. Spec: PortNumber. */
export const portNumber = z.int32().min(1).max(65535);
