#!/bin/bash
# Tells the client of the user that this script runs as where the server is.
#   access_key_id, secret_access_key  of the root user
set -euo pipefail

ctx logger info "Connecting the MinIO client"
# The keys go in by standard input: arguments can be seen by others.
mc --quiet alias set local http://127.0.0.1:9000 >/dev/null <<END
$access_key_id
$secret_access_key
END
