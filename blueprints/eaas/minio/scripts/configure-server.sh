#!/bin/bash
# Creates the user, the data directory, the settings and the service of the server.
#   access_key_id, secret_access_key  of the root user
#   bucket_region                     region that the server says it is in
set -euo pipefail

# quoted TEXT prints it as a value in double quotes of a systemd environment file.
quoted() {
  quote='"'
  backslash=$'\\'
  text=${1//"$backslash"/"$backslash$backslash"}
  printf '"%s"\n' "${text//"$quote"/"$backslash$quote"}"
}

if [ "${#access_key_id}" -lt 3 ] || [ "${#secret_access_key}" -lt 8 ]; then
  ctx abort-operation "MinIO needs an access_key_id of 3 characters and a secret_access_key of 8 at least"
fi

ctx logger info "Creating user and data directory of MinIO"
if ! id minio >/dev/null 2>&1; then
  sudo useradd --system --user-group --shell /usr/sbin/nologin minio
fi
sudo install -d -m 0750 -o minio -g minio /var/minio /var/minio/data

ctx logger info "Writing the settings of MinIO"
# The file is made unreadable for others before the secret goes in.
sudo install -m 0600 -o root -g root /dev/null /etc/default/minio
sudo tee /etc/default/minio >/dev/null <<END
MINIO_ROOT_USER=$(quoted "$access_key_id")
MINIO_ROOT_PASSWORD=$(quoted "$secret_access_key")
MINIO_SITE_REGION=$(quoted "$bucket_region")
END

sudo tee /etc/systemd/system/minio.service >/dev/null <<'END'
[Unit]
Description=MinIO object store
Wants=network-online.target
After=network-online.target

[Service]
User=minio
Group=minio
EnvironmentFile=/etc/default/minio
ExecStart=/usr/local/bin/minio server --address :9000 --console-address 127.0.0.1:9001 /var/minio/data
Restart=always
RestartSec=5
LimitNOFILE=65536
NoNewPrivileges=true
ProtectSystem=full
ProtectHome=true
PrivateTmp=true

[Install]
WantedBy=multi-user.target
END
sudo systemctl daemon-reload
