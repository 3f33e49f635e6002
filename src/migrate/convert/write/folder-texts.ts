/** Manifests as a folder for GitOps: one folder for each namespace, one file for each Ingress in it, and what kustomize needs. */
import type { Manifest } from "../manifest.ts";
import type { FolderTexts } from "./merge-folder.ts";
import { renderManifests, renderObject } from "./render-manifests.ts";

/** What is of no namespace. */
const clusterFolder = "cluster";
const kustomization = "kustomization.yaml";

/** Texts by path, in the order of paths. */
export function folderTexts(manifests: readonly Manifest[]): FolderTexts {
  const files = Map.groupBy(manifests, fileOf);
  const folders = Map.groupBy([...files.keys()], (file) => file.split("/")[0] ?? "");
  const texts = new Map<string, string>();
  for (const [file, held] of files) texts.set(file, renderManifests(held));
  for (const [folder, held] of folders)
    texts.set(`${folder}/${kustomization}`, renderKustomization(held.map((file) => file.split("/")[1] ?? "")));
  if (folders.size > 0) texts.set(kustomization, renderKustomization([...folders.keys()]));
  return new Map([...texts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function renderKustomization(resources: readonly string[]): string {
  return renderObject(
    { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", resources: [...resources].sort() },
    [],
  );
}

function fileOf({ kind, metadata, app }: Manifest): string {
  const folder = metadata.namespace ?? clusterFolder;
  if (app !== undefined) return `${folder}/${app}.yaml`;
  return `${folder}/${sharedFiles[kind] ?? "gateway"}.yaml`;
}

/** Where objects stand that are of no single Ingress. */
const sharedFiles: Readonly<Record<string, string>> = {
  Secret: "secrets",
  Certificate: "certificates",
  ReferenceGrant: "reference-grants",
  TCPRoute: "streams",
  UDPRoute: "streams",
  ListenerSet: "listeners",
  Backend: "backends",
  BackendTLSPolicy: "backends",
};
