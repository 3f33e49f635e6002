/**
 * Judges PEM texts by what will load them: OpenSSL, through the same call and the same ciphers (and so the same security
 * level) as the data plane. It opens no connection and reads no file, so it is pure.
 */
import { createPrivateKey, type KeyObject, type X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { intermediateSuites } from "../../ir/tls-profile.ts";

/** Curves of keys that a handshake can sign with (RFC 8446 and RFC 8734); OpenSSL also loads others, and then has no signature. */
const signingCurves: ReadonlySet<string> = new Set([
  "prime256v1",
  "secp384r1",
  "secp521r1",
  "brainpoolP256r1",
  "brainpoolP384r1",
  "brainpoolP512r1",
]);

/** What OpenSSL's shorter reasons mean for whoever made the file. */
const explanations: Readonly<Record<string, string>> = {
  "bad end line": "a certificate is cut short, or two are on one line",
  "ee key too small": "the key of the certificate is too small; RSA needs 2048 bits",
  "ca key too small": "the key of a certificate in the chain is too small; RSA needs 2048 bits",
  "ca md too weak": "a certificate in the chain is signed with SHA-1 or older",
};

/**
 * Why a listener, or a connection to a backend, cannot use a chain (leaf first) with a key: a clause that continues a
 * sentence beginning with their Secret, without anything of their content. `undefined`: they can be used.
 */
export function pairFault(pair: {
  readonly leaf: X509Certificate;
  readonly chainPem: string;
  readonly keyPem: string;
}): string | undefined {
  let key: KeyObject;
  try {
    key = createPrivateKey(pair.keyPem);
  } catch {
    return "has a tls.key that is not an unencrypted PEM private key";
  }
  if (!pair.leaf.checkPrivateKey(key)) {
    return "has a tls.key that does not belong to the first certificate in tls.crt";
  }
  const unsigned = signatureFault(key);
  if (unsigned !== undefined) return `has a tls.key ${unsigned}`;
  const refusal = loadingFault({ cert: pair.chainPem, key: pair.keyPem });
  return refusal && `has a certificate or key that OpenSSL refuses: ${refusal}`;
}

/**
 * Why certificates cannot be verified with a CA bundle, as {@link pairFault} says it. OpenSSL stops reading a bundle at the
 * first mistake without a word, so the text is judged as a chain, which is read as strictly as it is written. Certificates
 * too weak to verify anything are passed over as long as there is another.
 */
export function bundleFault(bundlePem: string, authorities: readonly X509Certificate[]): string | undefined {
  const unread = loadingFault({ cert: bundlePem, ciphers: `${ciphers}:@SECLEVEL=0` });
  if (unread !== undefined) return `that OpenSSL refuses: ${unread}`;
  let refusal: string | undefined;
  for (const authority of authorities) {
    refusal = loadingFault({ cert: authority.toString() });
    if (refusal === undefined) return undefined;
  }
  return refusal && `in which OpenSSL refuses every certificate: ${refusal}`;
}

function signatureFault(key: KeyObject): string | undefined {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === "ec" && curve !== undefined && !signingCurves.has(curve)) {
    return `on the curve ${curve}, which TLS clients do not support; P-256 is what they expect`;
  }
  return key.asymmetricKeyType === "dsa" ? "for DSA, which TLS clients do not support" : undefined;
}

const ciphers = intermediateSuites.join(":");

function loadingFault(options: SecureContextOptions): string | undefined {
  try {
    createSecureContext({ ciphers, minVersion: "TLSv1.2", ca: [], ...options });
    return undefined;
  } catch (error) {
    const { reason, message } = error as { readonly reason?: string; readonly message: string };
    const said = reason ?? message;
    const explanation = explanations[said];
    return explanation === undefined ? said : `${said} (${explanation})`;
  }
}
