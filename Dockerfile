# differ in a container for CI: docker build -t differ . && docker run --rm -v "$PWD:/work" -w /work differ check trace.dat
# It runs as nobody in particular: add --user "$(id -u):$(id -g)" where it is to write into a folder of yours.
FROM mcr.microsoft.com/dotnet/sdk:10.0.100 AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev zlib1g-dev && rm -rf /var/lib/apt/lists/*
COPY . /src
RUN dotnet publish /src/Diff/Cli -c Release -o /out

FROM debian:13.2-slim
RUN apt-get update && apt-get install -y --no-install-recommends zlib1g libzstd1 liblzma5 libbz2-1.0 liblz4-1 && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/differ /usr/local/bin/differ
USER 65532:65532
ENTRYPOINT ["differ"]
