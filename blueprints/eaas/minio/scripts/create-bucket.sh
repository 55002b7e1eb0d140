#!/bin/bash
# Creates the bucket, unless it is there already.
#   bucket_name, bucket_region
set -euo pipefail

ctx logger info "Creating bucket $bucket_name"
mc --quiet mb --ignore-existing --region "$bucket_region" "local/$bucket_name"
