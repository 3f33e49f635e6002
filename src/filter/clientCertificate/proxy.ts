import { compileRegex } from "../../base/regex.ts";
import { type BuildFilter, built, type FilterOfKind } from "../contract/build.ts";
import type { ClientCredential, RequestFacts } from "../contract/exchange.ts";
import { onRequest } from "../contract/hook.ts";
import { type LocalReply, page, problem } from "../contract/local-reply.ts";
import type { RequestHead } from "../contract/message.ts";

const headers = {
  verify: "ssl-client-verify",
  subject: "ssl-client-subject-dn",
  issuer: "ssl-client-issuer-dn",
  certificate: "ssl-client-cert",
} as const;

const plain = [["content-type", "text/plain"]] as const;

/** Refuses clients by their certificates, and tells backends who the others are. */
export const buildClientCertificate: BuildFilter<"clientCertificate"> = (filter) => {
  const judge = buildJudgement(filter);
  const fitsSubject = buildSubjectTest(filter.subject);
  return {
    ...built(
      onRequest((request, { facts }) => {
        const refusal = facts.scheme === "https" ? judge(facts) : undefined;
        if (refusal !== undefined) return refusal;
        if (!fitsSubject(facts.clientCredential?.subject ?? "")) {
          return { ...page(403, plain, "client certificate unauthorized"), flag: "CR" };
        }
        tell(filter, request, facts);
        return undefined;
      }),
    ),
    claimedTrailers: Object.values(headers),
  };
};

function buildJudgement({
  demands,
  errorPage,
}: FilterOfKind<"clientCertificate">): (facts: RequestFacts) => LocalReply | undefined {
  const refused = (message: string): LocalReply =>
    errorPage === undefined ? problem(400, "CR", message) : page(302, [["location", errorPage], ...plain], message);
  const missing = refused("No required certificate was sent.");
  const invalid = refused("The certificate is not valid.");
  return ({ clientCertificate, clientCredential }) => {
    if (demands === "nothing" || clientCertificate === "verified") return undefined;
    if (clientCredential === undefined) return demands === "valid" ? missing : undefined;
    return demands === "currentIfGiven" && clientCredential.fault?.vouching === true ? undefined : invalid;
  };
}

/** An expression that cannot be read fits nobody; the compiler refuses it. */
function buildSubjectTest(pattern: string | undefined): (subject: string) => boolean {
  if (pattern === undefined) return () => true;
  const regex = compileRegex(`.*(?:${pattern}).*`);
  return (subject) => regex.kind === "regex" && regex.matchesWhole(subject);
}

function tell(
  { tellsCertificate }: FilterOfKind<"clientCertificate">,
  request: RequestHead,
  facts: RequestFacts,
): void {
  const { clientCredential: credential } = facts;
  const set = (name: string, value: string | undefined): void =>
    value === undefined ? request.removeHeader(name) : request.setHeader(name, value);
  set(headers.verify, facts.scheme === "https" ? verdictOf(credential, facts) : undefined);
  set(headers.subject, credential && inHeader(credential.subject));
  set(headers.issuer, credential && inHeader(credential.issuer));
  set(headers.certificate, tellsCertificate && credential ? encodeURIComponent(credential.pem()) : undefined);
}

function verdictOf(credential: ClientCredential | undefined, { clientCertificate }: RequestFacts): string {
  if (credential === undefined) return "NONE";
  return clientCertificate === "verified" ? "SUCCESS" : `FAILED:${credential.fault?.message ?? "not valid"}`;
}

/** Whatever a certificate says cannot end a header. */
function inHeader(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, encodeURIComponent);
}
