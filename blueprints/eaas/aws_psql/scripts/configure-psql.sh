#!/bin/bash
# Lets clients in from outside by TLS and password, and creates the master role or
# gives it its password again.
#   master_username, master_password
set -euo pipefail

# quoted TEXT prints it as psql reads a value between single quotes.
quoted() {
  quote="'"
  backslash=$'\\'
  newline=$'\n'
  text=${1//"$backslash"/"$backslash$backslash"}
  text=${text//"$quote"/"$quote$quote"}
  # A line's end would end the command that the value is in.
  printf '%s\n' "${text//"$newline"/"${backslash}n"}"
}

# The user postgres may not look into the directory that this script runs in.
cd /

ctx logger info "Opening PostgreSQL to the network"
sudo tee /etc/postgresql/16/main/conf.d/slipway.conf >/dev/null <<'END'
listen_addresses = '*'
password_encryption = 'scram-sha-256'
ssl = on
END
sudo tee /etc/postgresql/16/main/pg_hba.conf >/dev/null <<'END'
local    all  postgres  peer
local    all  all       peer
hostssl  all  all  all  scram-sha-256
END
sudo systemctl restart postgresql

ctx logger info "Creating role $master_username"
name=$(quoted "$master_username")
password=$(quoted "$master_password")
# The password goes in by standard input: arguments can be seen by others.
sudo -u postgres psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 <<END
\set name '$name'
\set password '$password'
SELECT format('CREATE ROLE %I', :'name')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
ALTER ROLE :"name" LOGIN CREATEDB CREATEROLE PASSWORD :'password';
END

ctx instance runtime-properties master_username "$master_username"
