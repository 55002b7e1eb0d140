# A static binary on a distroless base, run by an unprivileged user.
FROM golang:1.26 AS build
ARG VERSION=dev
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/slipway ./cmd/slipway \
 && mkdir -p /out/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/slipway /usr/local/bin/slipway
COPY --from=build --chown=65532:65532 /out/data /var/lib/slipway
USER 65532:65532
ENV SLIPWAY_ADDR=0.0.0.0:8080 SLIPWAY_DATA_DIR=/var/lib/slipway
EXPOSE 8080
VOLUME /var/lib/slipway
ENTRYPOINT ["/usr/local/bin/slipway"]
CMD ["serve"]
