/**
 * What is spoken on TLS connections, in both directions: Mozilla's "intermediate" profile (guidelines 5.7), which Node's
 * own defaults exceed by eight suites and two curves.
 */
export const tlsCiphers = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

export const tlsCurves = "X25519MLKEM768:X25519:prime256v1:secp384r1";
