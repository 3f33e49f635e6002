# The image of controller and data planes: Node, the libraries it is linked to, Sluice and its dependencies, and nothing else.
# The base is pinned by its exact version. For a release, pin its content too:
#   docker build --build-arg NODE=node:26.10.0-trixie-slim@sha256:… .
ARG NODE=node:26.10.0-trixie-slim

FROM ${NODE} AS build
WORKDIR /sluice
COPY package.json package-lock.json LICENSE ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY bin bin
COPY src src
# Without what reads kubeconfigs: in a pod there is none, and it is four fifths of the packages.
RUN npm run build && npm prune --omit=dev --omit=optional --ignore-scripts
COPY tools/image-root.sh tools/
RUN sh tools/image-root.sh /usr/local/bin/node /root-filesystem

FROM scratch
LABEL org.opencontainers.image.title="sluice" \
      org.opencontainers.image.description="A Kubernetes Gateway API implementation" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /root-filesystem /
COPY --from=build /sluice/package.json /sluice/LICENSE /sluice/
COPY --from=build /sluice/bin /sluice/bin
COPY --from=build /sluice/dist /sluice/dist
COPY --from=build /sluice/node_modules /sluice/node_modules
ENV NODE_ENV=production
USER 65532:65532
EXPOSE 9443 9900
ENTRYPOINT ["/usr/local/bin/node", "/sluice/bin/sluice.js"]
